package access

import "mailgrant/handler/grant"

// Reacher is one workload that reaches a mailbox, or may, or can give itself access.
type Reacher struct {
	Workload grant.Workload
	// Verdict is whether it reaches the mailbox with anything today.
	Verdict        grant.Verdict
	Capabilities   []Capability
	Paths          []Path
	CanGrantItself grant.Verdict
	Unknown        []string
}

// Reaching lists every workload of the index that reaches the mailbox (GUID or
// address), may reach it, or can give itself access; sorted by object id. The second
// result says what keeps the list from being complete: nothing is known of a mailbox
// that the universe does not have, but what reaches everything.
func (x *Index) Reaching(mailbox string) ([]Reacher, []string) {
	place := x.mailboxes.place(mailbox)
	var reachers []Reacher
	var open []string
	if place < 0 {
		open = append(open, x.outside(mailbox))
	}
	for _, subject := range x.subjects {
		reacher := x.reacher(subject, place)
		if reacher.Verdict != grant.Refused || reacher.CanGrantItself != grant.Refused {
			reachers = append(reachers, reacher)
		}
	}
	return reachers, open
}

func (x *Index) reacher(subject Subject, place int) Reacher {
	ways := x.ways(subject)
	found := findAnything(ways, place)
	made := Reacher{Workload: subject.Workload, Verdict: found.Verdict, Paths: found.Paths, Unknown: found.Unknown}
	var powers power
	for _, way := range ways {
		if way.at(place) != grant.Refused {
			powers |= way.powers
		}
	}
	made.Capabilities = powers.capabilities()
	var self []Path
	self, made.CanGrantItself = selfGrants(ways)
	made.Paths = append(made.Paths, self...)
	return made
}
