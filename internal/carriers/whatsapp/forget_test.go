package whatsapp_test

import (
	"testing"

	"almirah/internal/carriers/whatsapp"
	"almirah/internal/messaging"
	"almirah/internal/promise"
	rig "almirah/internal/rig/whatsapp"
)

// TestFilesAreForgotten: a file is gone at Meta once it was asked, what is not there is told from what was erased, and a message cannot be erased there.
func TestFilesAreForgotten(t *testing.T) {
	t.Parallel()
	promise.Proves(t, "erasure-asked")
	d := open(t, rig.Options{}, whatsapp.Options{})
	media := d.server.AddMedia("image/jpeg", []byte("a picture"), "")
	for _, want := range []messaging.Outcome{messaging.Accepted, messaging.Absent} {
		if got := d.Forget(t.Context(), *d.via, media, true); got.Outcome != want {
			t.Errorf("%+v, not %s", got, want)
		}
	}
	if got := d.Bring(t.Context(), *d.via, messaging.Media{ID: media}, 100); got.Outcome == messaging.Accepted {
		t.Error("the file is there still")
	}
	if d.Forgets(false) || d.Forget(t.Context(), *d.via, media, false).Outcome != messaging.Refused {
		t.Error("a message is said to be erased")
	}
	if got := d.Forget(t.Context(), *d.via, "../"+media, true); got.Outcome != messaging.Refused || got.Code != "id" {
		t.Errorf("no id: %+v", got)
	}
	broken := *d.via
	broken.Credentials = []byte("{}")
	if got := d.Forget(t.Context(), broken, media, true); got.Outcome != messaging.Broken {
		t.Errorf("no account: %+v", got)
	}
}
