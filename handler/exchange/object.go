package exchange

import (
	"strings"
	"unicode"
)

// object is what a cmdlet returns, once decoded.
type object interface {
	// complete is false when a property is missing without which the object cannot be used.
	complete() bool
	// answersTo says whether the object is what the identity names.
	answersTo(identity string) bool
}

const (
	identityLimit = 512
	// nameLimit is the documented length of scope and assignment names (New-ManagementScope and
	// New-ManagementRoleAssignment, parameter Name).
	nameLimit = 64
)

// checkIdentity refuses what Exchange would understand as "all of them" or "some of them": nothing,
// or a pattern. A bar is refused because error texts use it as their separator.
func (c command) checkIdentity(identity string) *Error {
	switch {
	case strings.TrimSpace(identity) == "":
		return c.refuse(BadParameter, "an empty identity would mean every object")
	case len(identity) > identityLimit:
		return c.refuse(BadParameter, "the identity is longer than %d bytes", identityLimit)
	case strings.ContainsAny(identity, "*|"), strings.ContainsFunc(identity, unicode.IsControl):
		return c.refuse(BadParameter, "the identity holds a wildcard, a bar or a control character")
	}
	return nil
}

func (c command) checkGUID(what, text string) *Error {
	if normalGUID(text) == "" {
		return c.refuse(BadParameter, "%s %q is not a GUID", what, text)
	}
	return nil
}

func (c command) checkName(what, text string) *Error {
	refused := c.checkIdentity(text)
	if refused != nil {
		return refused
	}
	if len([]rune(text)) > nameLimit {
		return c.refuse(BadParameter, "%s is longer than %d characters", what, nameLimit)
	}
	return nil
}

// one returns the single object that answers to the command's subject. An identity that Exchange
// does not know may return every object there is (cmdlet reference, Get-ServicePrincipal and
// others, Identity), so a position in the list proves nothing; and an empty list is not the
// tenant's statement that the object is absent.
func one[T object](asked command, received result, decode func(row, string) T) (T, error) {
	var nothing T
	var found []T
	for _, properties := range received.rows {
		candidate := decode(properties, received.requestID)
		if candidate.answersTo(asked.subject) {
			found = append(found, candidate)
		}
	}
	switch {
	case len(found) > 1:
		return nothing, asked.doubt(received, Ambiguous, "%d objects answer to it", len(found))
	case len(found) == 0:
		return nothing, asked.doubt(received, Incomplete, "none of %d returned objects is the one asked for", len(received.rows))
	case !found[0].complete():
		return nothing, asked.doubt(received, Incomplete, "the returned object lacks its identifying properties")
	}
	return found[0], nil
}

// sameAsAny compares as Exchange does: without regard to case. Empty candidates match nothing.
func sameAsAny(identity string, candidates ...string) bool {
	for _, candidate := range candidates {
		if candidate != "" && strings.EqualFold(identity, candidate) {
			return true
		}
	}
	return false
}
