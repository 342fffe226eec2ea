package storage

import "sync"

// The phases in which a write is announced.
const (
	PhaseBefore = "before"
	PhaseAfter  = "after"
)

// Write announces one write of the program under test.
type Write struct {
	// Number counts the writes from 1 since the hook was set. Both phases of a
	// write bear the same number.
	Number int
	// Phase is PhaseBefore (nothing has happened yet) or PhaseAfter (the
	// emulator has answered, the program has not seen it).
	Phase string
	// What is the write in words: "table ledger batch", "queue apply put".
	What string
	// Status is the emulator's HTTP status, 0 in PhaseBefore.
	Status int
	// Drop makes the wire close the connection instead of going on: in
	// PhaseBefore the write never reaches the emulator, in PhaseAfter its
	// answer never reaches the program. A hook that kills the program calls it,
	// so that what happens does not depend on who notices the death first.
	Drop func()
}

// hook calls whoever wants to know about writes, one call at a time.
type hook struct {
	mu     sync.Mutex
	call   func(Write)
	number int
}

// SetWriteHook has call called before and after every write of the program
// under test, and starts counting at 1. The wire waits for each call, and calls
// never overlap, so a hook may stop the program between two writes; it must not
// use the wire's counted door itself. Nil ends the announcements.
func (w *Wire) SetWriteHook(call func(Write)) {
	w.hook.mu.Lock()
	defer w.hook.mu.Unlock()
	w.hook.call = call
	w.hook.number = 0
}

// announced is the state of one write between its two announcements.
type announced struct {
	// hooked is nil for reads and where nobody listens.
	hooked  func(Write)
	number  int
	what    string
	dropped bool
}

func (h *hook) before(asked call) *announced {
	write := &announced{what: asked.name()}
	if !asked.write {
		return write
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.number++
	write.hooked, write.number = h.call, h.number
	write.announce(PhaseBefore, 0)
	return write
}

func (h *hook) after(write *announced, status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	write.announce(PhaseAfter, status)
}

func (a *announced) announce(phase string, status int) {
	if a.hooked == nil {
		return
	}
	a.hooked(Write{Number: a.number, Phase: phase, What: a.what, Status: status, Drop: func() { a.dropped = true }})
}
