package datamap

import (
	"almirah/internal/store"
)

const (
	sqlMapKeep = `INSERT INTO data_map (digest, text, kept_at) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING`
	sqlMapText = `SELECT text FROM data_map WHERE digest = $1`
)

// textOf is the map with the fingerprint; empty where none is kept.
func textOf(p *store.Platform, digest string) (string, error) {
	var out string
	err := p.Row(sqlMapText, digest).Scan(&out)
	if err == store.ErrNoRows {
		return "", nil
	}
	return out, err
}
