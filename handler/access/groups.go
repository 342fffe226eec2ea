package access

import (
	"fmt"
	"strings"
)

// groupSpan is a group by two ways of counting: its direct members, whom role
// assignments reach, and its effective ones, whom policies reach. Nested members are
// never sure here: for policies the tenant's own test decides about them.
type groupSpan struct {
	group             Group
	direct, effective span
	// unknown says why the direct members are not certain, nested why the others are not.
	unknown, nested []string
}

// addGroups works out direct members first, because nesting asks for those of others.
func (x *Index) addGroups(groups Reading[[]Group]) {
	x.groupNamed = map[string]int{}
	if !groups.Read {
		x.unread.groups = "groups: " + groups.Why
		return
	}
	for _, group := range groups.Value {
		x.groups = append(x.groups, x.directSpan(group))
		x.nameGroup(group, len(x.groups)-1)
	}
	for i := range x.groups {
		x.nest(i)
	}
}

// nameGroup makes a group known by its ids. A name that two groups bear finds neither.
func (x *Index) nameGroup(group Group, place int) {
	for _, name := range []string{group.ID, group.DistinguishedName, group.Name} {
		key := strings.ToLower(name)
		earlier, taken := x.groupNamed[key]
		switch {
		case key == "":
		case taken && earlier != place:
			x.groupNamed[key] = ambiguous
		default:
			x.groupNamed[key] = place
		}
	}
}

// ambiguous stands for a name that is no single group's.
const ambiguous = -1

// directSpan: members that were not read are anybody, and never nobody.
func (x *Index) directSpan(group Group) groupSpan {
	made := groupSpan{group: group}
	switch {
	case group.Gone:
		made.direct = x.mailboxes.nobody()
	case !group.Members.Read:
		made.direct = x.mailboxes.anybody()
		made.unknown = []string{fmt.Sprintf("members of the group %s: %s", group.title(), group.Members.Why)}
	default:
		made.direct = x.mailboxes.of(group.Members.Value.Mailboxes)
	}
	return made
}

func (g Group) title() string {
	if g.Name != "" {
		return fmt.Sprintf("%q", g.Name)
	}
	return g.ID
}

// nest adds the members of nested groups as possible ones, however deep and in
// whatever circle.
func (x *Index) nest(place int) {
	top := &x.groups[place]
	possible := top.direct.possible.clone()
	seen := map[int]bool{place: true}
	waiting := top.group.Members.Value.Groups
	for len(waiting) > 0 {
		id := waiting[0]
		waiting = waiting[1:]
		nested, known := x.groupNamed[strings.ToLower(id)]
		if !known || nested == ambiguous {
			possible.unite(x.mailboxes.all)
			top.nested = append(top.nested, fmt.Sprintf("members of the group %s, nested in %s: they were not read", id, top.group.title()))
			continue
		}
		if seen[nested] {
			continue
		}
		seen[nested] = true
		possible.unite(x.groups[nested].direct.possible)
		top.nested = append(top.nested, fmt.Sprintf("members of the group %s, nested in %s: whether they count is for the tenant's own test to say", x.groups[nested].group.title(), top.group.title()))
		waiting = append(waiting, x.groups[nested].group.Members.Value.Groups...)
	}
	top.effective = span{top.direct.sure, possible}
	top.nested = append(top.nested, top.unknown...)
}

// groupOf finds a group by id, distinguished name or name.
func (x *Index) groupOf(name string) (groupSpan, string) {
	place, known := x.groupNamed[strings.ToLower(name)]
	switch {
	case x.unread.groups != "":
		return groupSpan{}, x.unread.groups
	case !known:
		return groupSpan{}, fmt.Sprintf("group %q: it was not read", name)
	case place == ambiguous:
		return groupSpan{}, fmt.Sprintf("group %q: several groups bear this name", name)
	}
	return x.groups[place], ""
}

// groupScope is whom a role assignment reaches by a group: direct members alone.
func (x *Index) groupScope(name string) scopeSpan {
	group, why := x.groupOf(name)
	if why != "" {
		return scopeSpan{x.mailboxes.anybody(), []string{why}}
	}
	return scopeSpan{group.direct, group.unknown}
}
