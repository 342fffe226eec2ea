package tenant

import (
	"slices"
	"time"
)

// permissionSpread is how long the data plane goes by an older access control list, both ways. No
// published text says how long; operators report from a quarter of an hour to two hours, and half an
// hour is inferred.
const permissionSpread = 30 * time.Minute

// permissionChange is one entry that came or went.
type permissionChange struct {
	of    permission
	given bool
	at    time.Time
}

// setPermission gives or takes one entry; callers have looked whether it stands.
func (s *state) setPermission(of permission, given bool, at time.Time) {
	if given {
		s.permissions = append(slices.Clone(s.permissions), of)
	} else {
		s.permissions = slices.DeleteFunc(slices.Clone(s.permissions), func(each permission) bool { return each == of })
	}
	recent := slices.DeleteFunc(slices.Clone(s.permissionChanges), func(each permissionChange) bool { return each.seen(at) })
	s.permissionChanges = append(recent, permissionChange{of: of, given: given, at: at})
}

// seen holds once the data plane goes by the change.
func (c permissionChange) seen(now time.Time) bool { return !now.Before(c.at.Add(permissionSpread)) }

// permissionsSeen are the entries that the data plane goes by at this moment: those that stand, with
// what it does not see yet undone from the last change back.
func (s *state) permissionsSeen(now time.Time) []permission {
	held := slices.Clone(s.permissions)
	for _, change := range slices.Backward(s.permissionChanges) {
		switch {
		case change.seen(now):
		case change.given:
			held = slices.DeleteFunc(held, func(each permission) bool { return each == change.of })
		default:
			held = append(held, change.of)
		}
	}
	return held
}
