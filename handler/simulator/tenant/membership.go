package tenant

import (
	"slices"
	"strings"
)

// references maps every unique name of a mailbox or group, in lower case, to its GUID. Documents and
// actions may name members by any of them; the state holds GUIDs.
func (s *state) references() map[string]string {
	known := map[string]string{}
	add := func(guid string, names ...string) {
		for _, name := range names {
			if name != "" {
				known[strings.ToLower(name)] = guid
			}
		}
	}
	for _, each := range s.groups {
		add(each.GUID, each.Name, each.Primary, each.EntraID, each.GUID)
	}
	for _, each := range s.mailboxes {
		add(each.GUID, each.UPN, each.Primary, each.EntraID, each.GUID)
	}
	return known
}

// resolved keeps a name that is neither a mailbox nor a group as it is: somebody else.
func resolved(names []string, known map[string]string) []string {
	var ids []string
	for _, name := range names {
		id, found := known[strings.ToLower(name)]
		if !found {
			id = name
		}
		ids = append(ids, id)
	}
	return ids
}

// memberships answers questions about groups and units at one moment, and remembers the answers: it
// must not outlive the lock under which it was made.
type memberships struct {
	state *state
	// direct holds, by member, the distinguished names of its groups; nil until asked for.
	direct map[string][]string
	// nested holds, by group, everybody below it; units, by unit, its own members.
	nested, units map[string]map[string]bool
}

func (s *state) memberships() *memberships {
	return &memberships{state: s, nested: map[string]map[string]bool{}, units: map[string]map[string]bool{}}
}

// groupNames lists the distinguished names of the groups that hold this recipient directly. A
// dynamic list has no stored members, and a group that Exchange does not know has no such name.
func (m *memberships) groupNames(of mailbox) []string {
	if m.direct == nil {
		m.direct = map[string][]string{}
		for _, each := range m.state.groups {
			if !each.inExchange() || each.Kind == kindDynamic {
				continue
			}
			name := strings.ToLower(each.distinguishedName(m.state.organization.Domain))
			for _, member := range each.Members {
				key := strings.ToLower(member)
				m.direct[key] = append(m.direct[key], name)
			}
		}
	}
	return m.direct[strings.ToLower(of.GUID)]
}

// properties is what a filter sees of a recipient.
func (m *memberships) properties(of mailbox) properties {
	return func(name string) []string {
		switch name {
		case "MemberOfGroup":
			return append(of.properties(name), m.groupNames(of)...)
		case "DistinguishedName":
			return []string{strings.ToLower(of.distinguishedName(m.state.organization.Domain))}
		}
		return of.properties(name)
	}
}

// within counts nested members, too.
func (m *memberships) within(groupID, member string) bool {
	return m.below(groupID)[strings.ToLower(member)]
}

// below holds everybody at any depth, other groups included. Groups may contain each other.
func (m *memberships) below(groupID string) map[string]bool {
	key := strings.ToLower(groupID)
	if known, is := m.nested[key]; is {
		return known
	}
	all := map[string]bool{}
	byID := map[string][]string{}
	for _, each := range m.state.groups {
		byID[strings.ToLower(each.GUID)] = each.Members
	}
	next := []string{key}
	for len(next) > 0 {
		members := byID[next[0]]
		next = next[1:]
		for _, member := range members {
			member = strings.ToLower(member)
			if !all[member] {
				all[member] = true
				next = append(next, member)
			}
		}
	}
	m.nested[key] = all
	return all
}

// inUnit holds for who stands in the unit in person. Members of a group that stands there do not
// (Microsoft Learn, Administrative units in Microsoft Entra ID, Groups).
func (m *memberships) inUnit(unit string, of mailbox) bool {
	if containsFold(of.AdministrativeUnits, unit) {
		return true
	}
	key := strings.ToLower(unit)
	members, known := m.units[key]
	if !known {
		members = map[string]bool{}
		if found, _, is := m.state.unit(unit); is {
			for _, member := range found.Members {
				members[strings.ToLower(member)] = true
			}
		}
		m.units[key] = members
	}
	return members[strings.ToLower(of.GUID)]
}

func containsFold(list []string, wanted string) bool {
	return slices.ContainsFunc(list, func(each string) bool { return strings.EqualFold(each, wanted) })
}

// unitIndex finds units by member, for one list of units. Lists in the state are replaced and never
// altered, so that a list that is still the same has the same members.
type unitIndex struct {
	units    []unit
	byMember map[string][]string
}

func (u unitIndex) holdsFor(units []unit) bool {
	return u.byMember != nil && len(u.units) == len(units) && (len(units) == 0 || &u.units[0] == &units[0])
}

// unitsOf lists the ids of the units that hold this recipient, as the recipient's own row does.
func (t *Tenant) unitsOf(of mailbox) []string {
	if !t.unitIndex.holdsFor(t.state.units) {
		t.unitIndex = unitIndex{units: t.state.units, byMember: map[string][]string{}}
		for _, each := range t.state.units {
			for _, member := range each.Members {
				key := strings.ToLower(member)
				t.unitIndex.byMember[key] = append(t.unitIndex.byMember[key], each.ID)
			}
		}
	}
	ids := slices.Clone(of.AdministrativeUnits)
	for _, id := range t.unitIndex.byMember[strings.ToLower(of.GUID)] {
		if !containsFold(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
