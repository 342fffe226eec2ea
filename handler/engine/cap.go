package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// The kinds of work that nobody scheduled and that a cap bounds. An end that agrees
// with its history is none of them and is never capped.
const (
	// CapEnds: ends whose row disagrees with the grant's history.
	CapEnds = "ends"
	// CapDrift: grants that are revoked because the tenant has drifted.
	CapDrift = "drift"
	// CapRepairs: objects that are narrowed back to what was granted.
	CapRepairs = "repairs"
	// CapOrphans: objects under our mark that no grant knows.
	CapOrphans = "orphans"
	// CapOldPermissions: consents with which mailbox permissions may come alive that were
	// there before; nobody has listed them all.
	CapOldPermissions = "oldPermissions"
)

// Caps lists the kinds.
func Caps() []string { return []string{CapEnds, CapDrift, CapRepairs, CapOrphans, CapOldPermissions} }

const (
	capPartition = "cap"
	// capPerDay is how much of one kind is done in a day before somebody is asked.
	capPerDay = 10
	capWindow = 24 * time.Hour
	capTries  = 20
)

// capOf is how much of the kind is done in a day before somebody is asked. What nobody has
// looked at is always asked about.
func capOf(kind string) int {
	if kind == CapOldPermissions {
		return 0
	}
	return capPerDay
}

// Halt is one kind of capped work: what was done since the window began, and what
// waits for a person.
type Halt struct {
	Kind  string    `json:"kind"`
	Cap   int       `json:"cap"`
	Since time.Time `json:"since,omitzero"`
	Done  []string  `json:"done"`
	// Waiting lists what would be done next, by grant id or by object name.
	Waiting   []string `json:"waiting"`
	Confirmed []string `json:"confirmed"`
}

// allowed reports whether one more piece of this kind of work may be done now. What
// is over the cap is put on the list that waits for a person.
func (e *Engine) allowed(ctx context.Context, kind, what string) (bool, error) {
	var allowed bool
	err := e.changeHalt(ctx, kind, func(halt *Halt) bool {
		if e.Now().Sub(halt.Since) > capWindow {
			halt.Since, halt.Done = e.Now(), []string{}
		}
		confirmed := slices.Index(halt.Confirmed, what)
		switch {
		case slices.Contains(halt.Done, what):
			allowed = true
			return false
		case confirmed >= 0:
			// Confirmed once: what comes back under the same name another day is asked anew.
			halt.Confirmed = slices.Delete(halt.Confirmed, confirmed, confirmed+1)
		case len(halt.Done) >= halt.Cap:
			allowed = false
			return halt.await(what)
		}
		allowed = true
		halt.Done = append(halt.Done, what)
		halt.Waiting = slices.DeleteFunc(halt.Waiting, func(other string) bool { return other == what })
		return true
	})
	if err == nil && !allowed {
		e.Log.ErrorContext(ctx, "a cap was reached: work that nobody scheduled waits for a person", "kind", kind, "what", what)
	}
	return allowed, err
}

// confirmed reports whether an operator has confirmed this very piece of work, and uses the
// confirmation up. What is not confirmed is put on the list that waits for a person.
func (e *Engine) confirmed(ctx context.Context, kind, what string) (bool, error) {
	var found bool
	err := e.changeHalt(ctx, kind, func(halt *Halt) bool {
		at := slices.Index(halt.Confirmed, what)
		found = at >= 0
		if !found {
			return halt.await(what)
		}
		halt.Confirmed = slices.Delete(halt.Confirmed, at, at+1)
		return true
	})
	return found, err
}

// await puts a piece of work on the list that waits for a person, and reports whether
// it was not there.
func (h *Halt) await(what string) bool {
	if slices.Contains(h.Waiting, what) {
		return false
	}
	h.Waiting = append(h.Waiting, what)
	return true
}

// Halts returns every kind of capped work as it stands.
func (e *Engine) Halts(ctx context.Context) ([]Halt, error) {
	var halts []Halt
	for _, kind := range Caps() {
		halt, _, err := e.halt(ctx, kind)
		if err != nil {
			return nil, err
		}
		halts = append(halts, halt)
	}
	return halts, nil
}

// Confirm lets the work of this kind go on that waits at this moment. Later work is
// bounded again, and confirming twice changes nothing. The error is KindInvalid for a
// kind that is not known; after KindStorage, confirming again is right.
func (e *Engine) Confirm(ctx context.Context, kind, by string) (Halt, error) {
	if !slices.Contains(Caps(), kind) {
		return Halt{}, &Error{Kind: KindInvalid, Detail: fmt.Sprintf("nothing is capped under %q", kind)}
	}
	var confirmed Halt
	err := e.changeHalt(ctx, kind, func(halt *Halt) bool {
		halt.Confirmed, halt.Waiting = append(halt.Confirmed, halt.Waiting...), []string{}
		confirmed = *halt
		return true
	})
	if err != nil {
		return Halt{}, err
	}
	e.Log.WarnContext(ctx, "capped work was confirmed", "kind", kind, "by", by, "count", len(confirmed.Confirmed))
	return confirmed, e.takeUpConfirmed(ctx, confirmed.Confirmed, by)
}

// takeUpConfirmed hurries the confirmed grants; objects without a grant wait for the
// next pass.
func (e *Engine) takeUpConfirmed(ctx context.Context, confirmed []string, by string) error {
	for _, what := range confirmed {
		if !grant.IsID(what) {
			continue
		}
		err := e.hurry(ctx, what, by)
		if err != nil && KindOf(err) != KindEnded && KindOf(err) != KindNotFound {
			return err
		}
	}
	return nil
}

// changeHalt reads, changes and writes a cap's row until nobody came between.
func (e *Engine) changeHalt(ctx context.Context, kind string, change func(*Halt) bool) error {
	for range capTries {
		halt, row, err := e.halt(ctx, kind)
		if err != nil {
			return err
		}
		if !change(&halt) {
			return nil
		}
		err = e.keepHalt(ctx, kind, halt, row)
		switch store.KindOf(err) {
		case store.KindNone:
			return err
		case store.KindConflict, store.KindExists, store.KindLost:
			continue
		}
		return storage(err, "")
	}
	return &Error{Kind: KindStorage, Detail: "the cap of " + kind + " is being changed by too many at once; try again"}
}

func (e *Engine) keepHalt(ctx context.Context, kind string, halt Halt, row store.Row) error {
	document, err := json.Marshal(halt)
	if err != nil {
		return fmt.Errorf("writing the cap of %s: %w", kind, err)
	}
	if row.ETag == "" {
		return e.Store.InsertWork(ctx, capPartition, store.Row{Key: kind, Document: document})
	}
	row.Document = document
	return e.Store.WriteWork(ctx, capPartition, row)
}

func (e *Engine) halt(ctx context.Context, kind string) (Halt, store.Row, error) {
	halt := Halt{Kind: kind, Done: []string{}, Waiting: []string{}, Confirmed: []string{}}
	row, err := e.Store.ReadWork(ctx, capPartition, kind)
	if err != nil && store.KindOf(err) != store.KindNotFound {
		return Halt{}, store.Row{}, storage(err, "")
	}
	if err == nil {
		err = json.Unmarshal(row.Document, &halt)
		if err != nil {
			return Halt{}, store.Row{}, fmt.Errorf("reading the cap of %s: %w", kind, err)
		}
	}
	row.Key, halt.Cap = kind, capOf(kind)
	return halt, row, nil
}
