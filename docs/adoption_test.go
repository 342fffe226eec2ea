package docs

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/simulator/stack"
	"mailgrant/scripts/session"
)

// TestAdoptionRequest sends the request of docs/adoption.md as printed, to the tenant of make
// run, and waits until what it adopts is proved.
func TestAdoptionRequest(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(read(t, "docs/adoption.md"), "```json\n")
	body, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/adoption.md prints no request")
	}
	folder, err := session.Assemble(t.Context(), root, t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	running, err := session.Start(t.Context(), session.Options{Root: root, Package: folder, Document: stack.Document})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := running.Close()
		if err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	answer, err := running.Client().Post(ctx, "/api/adoptions", body, nil)
	if err != nil || answer.Status != http.StatusAccepted {
		t.Fatalf("%s: %s, %v", body, answer, err)
	}
	ended := func(g session.Grant) bool { return g.State == "active" || g.State == "denied" || g.State == "failed" }
	adopted, err := running.Client().Await(ctx, answer.Header.Get("Location"), ended)
	if err != nil || adopted.State != "active" || adopted.Condition("Verified").Status != "True" {
		t.Errorf("it is %s, %v: %+v", adopted.State, err, adopted.Conditions)
	}
}
