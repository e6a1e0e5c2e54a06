package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"almirah/internal/contact"
	"almirah/internal/id"
	"almirah/internal/messaging"
	"almirah/internal/store"
)

// Live checks of what is promised about what comes in, and about what is written where health must not stand.

const (
	sqlProbeFiles = `SELECT COUNT(*) FROM attached a WHERE a.clinic_id = $1 AND (a.body IS NOT NULL OR a.about IS NOT NULL)
	AND a.thread_id NOT IN (SELECT id FROM thread WHERE clinic_id = $1 AND patient_id IN (SELECT patient_id FROM legal_hold WHERE clinic_id = $1 AND state = 'held')) AND (a.until > 0 AND a.until < $2 OR a.kind = 'video' AND a.body IS NOT NULL
	OR NOT EXISTS (SELECT 1 FROM message_setting s WHERE s.clinic_id = $1 AND s.content <> 'none'))`
	sqlProbeSent    = `SELECT body FROM attached WHERE clinic_id = $1 AND body IS NOT NULL UNION ALL SELECT about FROM attached WHERE clinic_id = $1 AND about IS NOT NULL LIMIT 50`
	sqlProbeUnknown = `SELECT COUNT(*) FROM peer_bucket b JOIN thread t ON t.clinic_id = b.clinic_id AND t.id = b.thread_id WHERE b.clinic_id = $1 AND (t.patient_id IS NOT NULL OR b.bucket >= 524288)`
	sqlProbeStrange = `SELECT COUNT(*) FROM heard WHERE clinic_id = $1 AND news = 'unknown' AND event IS NOT NULL AND heard_at < $2`
	sqlProbeReplies = `SELECT COUNT(*) FROM post p JOIN thread t ON t.clinic_id = p.clinic_id AND t.id = p.thread_id WHERE p.clinic_id = $1 AND p.way = 'in'
	AND NOT (p.patient_id IS NULL AND t.patient_id IS NULL) AND NOT (p.patient_id IS NOT NULL AND t.patient_id IS NOT NULL AND p.patient_id = t.patient_id)`
	sqlProbeFate   = `SELECT COUNT(*) FROM message WHERE clinic_id = $1 AND state = 'refused' AND reached IN ('delivered', 'opened', 'read')`
	sqlProbeNights = `SELECT send_at FROM message WHERE clinic_id = $1 AND kind = 'reminder' AND state = 'planned' AND reason = 'morning-after' LIMIT 1000`
)

func (p probe) patientsFiles(ctx context.Context) (string, error) {
	if _, err := p.none(ctx, sqlProbeFiles, "files of patients are kept longer than the clinic chose, or are videos", p.Clock.Now().Add(-26*time.Hour).UnixMicro()); err != nil {
		return "", err
	}
	n, err := p.closed(ctx, sqlProbeSent)
	return fmt.Sprintf("no file of a patient is kept longer than her clinic chose, and %d names and files are sealed", n), err
}

func (p probe) unknownFound(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeUnknown, "numbers are found by more than 16 bits, or by what should be gone")
}

func (p probe) strangeReports(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeStrange, "reports that nobody understood keep their content", p.Clock.Now().Add(-time.Hour).UnixMicro())
}

func (p probe) replies(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeReplies, "lines stand in the conversation of somebody else than their patient")
}

func (p probe) smsFate(ctx context.Context) (string, error) {
	return p.none(ctx, sqlProbeFate, "messages count as refused though they arrived")
}

// nights looks at reminders that wait for the morning, and at those of the last day: none went out in the night of its patient, as her number tells.
func (p probe) nights(ctx context.Context) (string, error) {
	sent, err := p.zero(ctx, "reminders of this day", "reminders went out in the night", func(v *store.View) (int64, int64, error) { return messaging.Woken(v, p.ago(26*time.Hour)) })
	if err != nil {
		return "", err
	}
	looked := 0
	err = p.each(ctx, func(v *store.View, _ id.ID) error {
		rows, err := v.Query(sqlProbeNights)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var at int64
			if err := rows.Scan(&at); err != nil {
				return err
			}
			if m := time.UnixMicro(at).UTC(); m.Second() != 0 || m.Minute()%15 != 0 { // every zone's eight o'clock is a quarter of an hour of UTC
				return fmt.Errorf("a reminder waits for %s, which is nobody's eight in the morning", m.Format("15:04:05"))
			}
			looked++
		}
		return rows.Err()
	})
	return fmt.Sprintf("%s, and at %d that wait for a morning", sent, looked), err
}

// textsWithoutHealth looks through the house's own texts, which nobody is asked about.
func (p probe) textsWithoutHealth(context.Context) (string, error) {
	return silentAbout(func(lang string) speaking { return p.Book.Tongue(lang) })
}

// speaking says sentences in a language.
type speaking interface {
	Has(key string) bool
	Say(key string, args ...any) string
}

func silentAbout(tongue func(lang string) speaking) (string, error) {
	n := 0
	for _, lang := range []string{"en", "hi", "ta", "ar"} {
		t := tongue(lang)
		for _, k := range messaging.Kinds() {
			for _, part := range []string{".subject", ".body", ".sms"} {
				key := "message." + string(k) + part
				if !t.Has(key) {
					continue
				}
				n++
				if words := contact.HealthWords(t.Say(key), []string{lang}); len(words) > 0 {
					return "", fmt.Errorf("the text %s in %s speaks of health: %v", key, lang, slices.Compact(words))
				}
			}
		}
	}
	return fmt.Sprintf("looked through %d texts", n), nil
}
