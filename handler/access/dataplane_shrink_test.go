package access_test

import "slices"

// shrunk takes parts of a tenant away for as long as it still fails, so that people
// can read what is left.
func shrunk(d playedTenant, fails func(playedTenant) bool) playedTenant {
	for again := true; again; {
		again = false
		for _, lessen := range []func(playedTenant, func(playedTenant) bool) (playedTenant, bool){
			fewer(func(d *playedTenant) *[]playedPrincipal { return &d.ServicePrincipals }),
			fewer(func(d *playedTenant) *[]playedAssignment { return &d.Assignments }),
			fewer(func(d *playedTenant) *[]playedConsent { return &d.Consents }),
			fewer(func(d *playedTenant) *[]playedPolicy { return &d.Policies }),
			fewer(func(d *playedTenant) *[]playedRight { return &d.MailboxPermissions }),
			fewer(func(d *playedTenant) *[]playedRole { return &d.DirectoryRoles }),
			fewer(func(d *playedTenant) *[]playedRoleGroup { return &d.RoleGroups }),
			fewer(func(d *playedTenant) *[]playedPrincipal { return &d.Pointers }),
			fewer(func(d *playedTenant) *[]playedScope { return &d.Scopes }),
			fewer(func(d *playedTenant) *[]playedUnit { return &d.Units }),
			fewer(func(d *playedTenant) *[]playedGroup { return &d.Groups }),
			fewer(func(d *playedTenant) *[]playedMailbox { return &d.Mailboxes }),
			fewerMembers,
		} {
			smaller, less := lessen(d, fails)
			if less {
				d, again = smaller, true
			}
		}
	}
	return d
}

// fewer drops elements of one list: halves first, then single ones.
func fewer[E any](list func(*playedTenant) *[]E) func(playedTenant, func(playedTenant) bool) (playedTenant, bool) {
	return func(d playedTenant, fails func(playedTenant) bool) (playedTenant, bool) {
		less := false
		for size := max(1, len(*list(&d))/2); size > 0; size /= 2 {
			for at := 0; at+size <= len(*list(&d)); {
				smaller := d.copied()
				*list(&smaller) = slices.Delete(*list(&smaller), at, at+size)
				if !fails(smaller) {
					at += size
					continue
				}
				d, less = smaller, true
			}
		}
		return d, less
	}
}

// fewerMembers drops members of groups and of units, one by one.
func fewerMembers(d playedTenant, fails func(playedTenant) bool) (playedTenant, bool) {
	less := false
	drop := func(count int, members func(*playedTenant, int) *[]string) {
		for which := range count {
			for at := 0; at < len(*members(&d, which)); {
				smaller := d.copied()
				rest := members(&smaller, which)
				*rest = slices.Delete(slices.Clone(*rest), at, at+1)
				if !fails(smaller) {
					at++
					continue
				}
				d, less = smaller, true
			}
		}
	}
	drop(len(d.Groups), func(d *playedTenant, which int) *[]string { return &d.Groups[which].Members })
	drop(len(d.Units), func(d *playedTenant, which int) *[]string { return &d.Units[which].Members })
	return d, less
}
