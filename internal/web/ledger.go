package web

import (
	"context"
	"time"

	"almirah/internal/id"
	"almirah/internal/store"
)

// Ledger is what pages show of the tree of the audit log, which belongs to no clinic. The zero Ledger shows nothing.
type Ledger struct {
	Checkpoint func(ctx context.Context) (store.Signed, error)                                                                       // the newest
	Waits      func(ctx context.Context) (time.Duration, error)                                                                      // how long the oldest entry has waited for its place
	Prove      func(ctx context.Context, leaves map[id.ID][]byte, each func(store.Signed, store.Proven) error) (store.Signed, error) // see store.DB.Prove
	Key        func() string                                                                                                         // the public key; empty when it cannot be read
}
