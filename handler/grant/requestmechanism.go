package grant

import (
	"slices"
	"strings"
)

// mechanism reads by which mechanism the grant is asked for. Only RBAC for Applications
// has scopes that the tenant itself counts.
func (c *checker) mechanism(root node, scope Scope) Mechanism {
	member, given := root.members["mechanism"]
	if !given {
		return RBAC
	}
	mechanism := Mechanism(c.line(member, 64))
	switch {
	case mechanism == "":
		return RBAC
	case !slices.Contains(Mechanisms(), mechanism):
		c.fault(member, "unknownMechanism", "the mechanisms are "+mechanismNames())
		return RBAC
	case mechanism != RBAC && scope.Counted():
		c.fault(member, "scopeKind", "this mechanism takes named mailboxes only; with rbac a group, an administrative unit or a filter can be the scope")
	}
	return mechanism
}

// takeOver reads which consents the grant is to confine and to take over. They are
// handed over expressly, because they end with the grant.
func (c *checker) takeOver(root node, mechanism Mechanism) ([]string, bool) {
	existing := c.list(root, "confineExisting", false, c.permission)
	member, given := root.members["takeOverConsents"]
	taken := given && member.kind == 't'
	switch {
	case given && member.kind != 't' && member.kind != 'f':
		c.fault(member, "type", "this has to be true or false")
	case len(existing) > 0 && mechanism != AccessPolicy:
		c.fault(root.members["confineExisting"], "mechanism", "only application access policies confine consents: ask for the mechanism accessPolicy")
	case len(existing) > 0 && !taken:
		c.fault(root.members["confineExisting"], "takeOverConsents", "these consents will be removed when the grant ends; say so with \"takeOverConsents\": true")
	case taken && len(existing) == 0:
		c.fault(member, "confineExisting", "confineExisting has to list the consents that are handed over")
	}
	return existing, taken
}

func mechanismNames() string {
	var names []string
	for _, mechanism := range Mechanisms() {
		names = append(names, string(mechanism))
	}
	return strings.Join(names, ", ")
}
