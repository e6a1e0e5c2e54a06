package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"almirah/internal/access"
	"almirah/internal/accounts"
	"almirah/internal/audit"
	"almirah/internal/audit/verifier"
	"almirah/internal/clinics"
	"almirah/internal/fault"
	"almirah/internal/id"
	"almirah/internal/store"
	"almirah/internal/web"
)

// The audit log as others check it. Anybody may ask for the newest checkpoint and for the proof that it continues an older one: both say how
// many entries the whole installation has, and nothing else.

// entriesWait is how long the oldest entry may wait for its place before the house calls itself not ready. Entries usually wait half a second;
// the pages of owners say so after oversight's shorter span.
const entriesWait = 5 * time.Minute

// witnessed answers whoever keeps checkpoints: another host, an owner's browser.
func (h *House) witnessed(mux *http.ServeMux) {
	say := func(w http.ResponseWriter, kind string, body []byte) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(body) // whoever left needs no answer
	}
	wrong := func(w http.ResponseWriter, err error) {
		var f *fault.Fault
		if errors.As(err, &f) && f.Kind == fault.NotFound {
			http.Error(w, "the log has no such place", http.StatusNotFound)
			return
		}
		h.Log.Error("the audit log could not be shown to a witness", "error", err.Error())
		http.Error(w, "try again later", http.StatusServiceUnavailable)
	}
	mux.HandleFunc("GET /trust/key", func(w http.ResponseWriter, _ *http.Request) {
		_, key, err := h.Vault.LogSigner()
		if err != nil {
			wrong(w, err)
			return
		}
		say(w, "text/plain; charset=utf-8", []byte(key+"\n"))
	})
	mux.HandleFunc("GET /trust/checkpoint", func(w http.ResponseWriter, r *http.Request) {
		c, err := h.DB.Checkpoint(r.Context(), accounts.Operator())
		if err == nil && len(c.Note) == 0 {
			err = fault.Missing()
		}
		if err != nil {
			wrong(w, err)
			return
		}
		say(w, "text/plain; charset=utf-8", c.Note)
	})
	mux.HandleFunc("GET /trust/consistency", func(w http.ResponseWriter, r *http.Request) {
		from, err1 := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
		to, err2 := strconv.ParseInt(r.URL.Query().Get("to"), 10, 64)
		if err1 != nil || err2 != nil {
			http.Error(w, "from and to are numbers of entries", http.StatusBadRequest)
			return
		}
		proof, err := h.DB.Growth(r.Context(), accounts.Operator(), from, to)
		var body []byte
		if err == nil {
			body, err = json.Marshal(growth{from, to, proof})
		}
		if err != nil {
			wrong(w, err)
			return
		}
		say(w, "application/json", append(body, '\n'))
	})
}

// sequenced says whether audit entries get their place.
func (h *House) sequenced(ctx context.Context) error {
	_, since, err := h.DB.Waits(ctx, accounts.Operator())
	if err == nil && since > entriesWait {
		err = fmt.Errorf("audit entries have been waiting for their place for %s", since.Round(time.Second))
	}
	return err
}

// ledger is what the pages show of the tree.
func (h *House) ledger() web.Ledger {
	return web.Ledger{
		Checkpoint: func(ctx context.Context) (store.Signed, error) { return h.DB.Checkpoint(ctx, accounts.Operator()) },
		Waits: func(ctx context.Context) (time.Duration, error) {
			_, since, err := h.DB.Waits(ctx, accounts.Operator())
			return since, err
		},
		Prove: func(ctx context.Context, leaves map[id.ID][]byte, each func(store.Signed, store.Proven) error) (store.Signed, error) {
			return h.DB.Prove(ctx, accounts.Operator(), leaves, each)
		},
		Key: func() string {
			_, key, err := h.Vault.LogSigner()
			if err != nil {
				return ""
			}
			return key
		},
	}
}

// exportAll writes every entry of the log in the form that almirah-verify reads.
func (h *House) exportAll(ctx context.Context, write func(line any) error) (store.Signed, int64, error) {
	_, key, err := h.Vault.LogSigner()
	if err != nil {
		return store.Signed{}, 0, err
	}
	n := int64(0)
	last, err := h.DB.Everything(ctx, accounts.Operator(), func(c store.Signed, p store.Proven) error {
		if n == 0 {
			if err := write(verifier.First{Format: verifier.Format, Key: key, Checkpoint: string(c.Note)}); err != nil {
				return err
			}
		}
		n++
		return write(verifier.Line{N: p.N, Leaf: p.Leaf, Nodes: p.Nodes})
	})
	if err == nil && n == 0 {
		err = write(verifier.First{Format: verifier.Format, Key: key, Checkpoint: string(last.Note)})
	}
	if err == nil {
		err = write(verifier.Last{End: true, Entries: n})
	}
	return last, n, err
}

// keptHeads are the heads that arguments bring: --head "SIZE HASH" and --witness FILE, each as often as wanted.
func keptHeads(args []string, witness func(file string) (audit.Witness, error)) ([]audit.Head, error) {
	var kept []audit.Head
	for i, a := range args {
		if i+1 >= len(args) {
			break
		}
		switch a {
		case "--head":
			h, err := audit.ParseHead(args[i+1])
			if err != nil {
				return nil, err
			}
			kept = append(kept, h)
		case "--witness":
			w, err := witness(args[i+1])
			if err != nil {
				return nil, err
			}
			h, err := w.Head()
			if err != nil {
				return nil, err
			}
			kept = append(kept, h)
		}
	}
	return kept, nil
}

// examineLog has the rules of oversight look at the days that are over.
func (h *House) examineLog(ctx context.Context, who access.Caller) error {
	staff, err := h.Accounts.Names(ctx, who)
	if err != nil {
		return err
	}
	return h.Watch.Examine(ctx, who, staff)
}

// mailHeads mails the newest head of the log to those of the clinic's leads who want it.
func (h *House) mailHeads(ctx context.Context, who access.Caller) error {
	people, err := h.Accounts.Colleagues(ctx, who)
	if err != nil {
		return err
	}
	leads := map[id.ID]access.Role{}
	for _, p := range people {
		if !p.Left && (p.Role == access.Owner || p.Role == access.Manager) {
			leads[p.ID] = p.Role
		}
	}
	head, err := h.head(ctx)
	if err != nil || head == "" {
		return err
	}
	due, err := h.Watch.DueMail(ctx, who, leads)
	if err != nil || len(due) == 0 {
		return err
	}
	var name string
	err = h.DB.View(ctx, who, access.Work, func(_ context.Context, v *store.View) error {
		c, err := clinics.Get(v)
		name = c.Name
		return err
	})
	if err != nil {
		return err
	}
	return h.Accounts.TellHead(ctx, who, name, head, due)
}
