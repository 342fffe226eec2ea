package grant

import (
	"fmt"
	"slices"
)

// State is where a grant stands in its life.
type State string

// The states, in the order of a life. The last four are ends.
const (
	Received         State = "received"
	Bound            State = "bound"
	AwaitingApproval State = "awaitingApproval"
	Scheduled        State = "scheduled"
	Provisioning     State = "provisioning"
	Active           State = "active"
	Revoking         State = "revoking"

	RevokedState State = "revoked"
	Denied       State = "denied"
	Failed       State = "failed"
	Abandoned    State = "abandoned"
)

// States lists every state, ends last.
func States() []State {
	return []State{Received, Bound, AwaitingApproval, Scheduled, Provisioning, Active, Revoking, RevokedState, Denied, Failed, Abandoned}
}

// follows says which states may come after which. Denied is reachable only from
// states in which nothing has been made; whatever may have made something has to
// pass through revoking.
func follows(from State) []State {
	switch from {
	case Received:
		return []State{Bound, Denied}
	case Bound:
		return []State{AwaitingApproval, Scheduled, Provisioning, Denied}
	case AwaitingApproval:
		return []State{Scheduled, Provisioning, Denied}
	case Scheduled:
		return []State{Provisioning, Denied}
	case Provisioning:
		return []State{Active, Revoking}
	case Active:
		return []State{Revoking}
	case Revoking:
		return []State{RevokedState, Failed, Abandoned}
	}
	return nil
}

// Ended reports whether nothing can follow s.
func (s State) Ended() bool {
	switch s {
	case RevokedState, Denied, Failed, Abandoned:
		return true
	}
	return false
}

// MayFollow reports whether a grant in state s may move to next.
func (s State) MayFollow(next State) bool {
	return slices.Contains(follows(s), next)
}

// Move takes the grant to the next state and clears the bookkeeping of failures,
// which belonged to the state that is left. It returns an error, and changes
// nothing, when the move is not one of the life's.
func (g *Grant) Move(next State) error {
	if !g.State.MayFollow(next) {
		return fmt.Errorf("grant %s cannot go from %s to %s", g.ID, g.State, next)
	}
	g.State = next
	g.Hit()
	return nil
}

// MayHaveMade reports whether something of the grant may exist in the tenant.
func (g *Grant) MayHaveMade() bool {
	switch g.State {
	case Provisioning, Active, Revoking:
		return true
	}
	return false
}
