package engine

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/graph"
)

// surveyedGroup is what stands behind one name of a group.
type surveyedGroup struct {
	// Asked is the name by which it was looked for.
	Asked string
	Group access.Group
	// Single: it is no group; a policy can also be about a single mailbox.
	Single bool
}

// surveyedUnit is an administrative unit that an assignment names, with the object ids
// of its members.
type surveyedUnit struct {
	Asked, Name string
	Members     access.Reading[[]string]
}

// mostGroups bounds how many groups one reading opens; those beyond it stay unknown by
// name.
const mostGroups = 500

// memberFilter finds the distinguished names of groups in a filter. It only says which
// groups are worth reading: what it misses stays unknown when the filter is evaluated.
var memberFilter = regexp.MustCompile(`(?i)MemberOfGroup\s+-eq\s+(?:'((?:[^']|'')+)'|"([^"]+)")`)

// groupsNamed lists the groups that policies, role assignments and filters name.
// Only those of policies are opened further: for role assignments nested members never
// count (Microsoft Learn, Role Based Access Control for Applications, Limitations).
func (s *surveyed) groupsNamed() (nested, direct []string) {
	for _, policy := range s.Policies.Value {
		nested = append(nested, policyScope(policy))
	}
	for _, assignment := range s.Assignments.Value {
		direct = append(direct, assignment.RecipientGroupScope)
	}
	for _, scope := range s.Scopes.Value {
		if !s.names(scope) {
			continue
		}
		for _, found := range memberFilter.FindAllStringSubmatch(scope.RecipientFilter, -1) {
			direct = append(direct, strings.ReplaceAll(found[1], "''", "'")+found[2])
		}
	}
	return distinctFold(nested), distinctFold(direct)
}

// names reports whether one of the role assignments that were read uses the scope.
func (s *surveyed) names(scope exchange.ManagementScope) bool {
	return slices.ContainsFunc(s.Assignments.Value, func(one exchange.RoleAssignment) bool {
		used := firstOf(one.CustomResourceScope, one.CustomRecipientWriteScope)
		return used != "" && (strings.EqualFold(used, scope.Name) || strings.EqualFold(used, scope.GUID) || strings.EqualFold(used, scope.Identity))
	})
}

// policyScope is how a policy names its group or mailbox: by id where it was shown.
func policyScope(policy exchange.ApplicationAccessPolicy) string {
	return firstOf(policy.ScopeGUID, policy.ScopeIdentity, policy.ScopeName)
}

// readGroups reads each group once, and those nested in the groups of policies.
func (e *Engine) readGroups(ctx context.Context, nested, direct []string) ([]surveyedGroup, error) {
	found := map[string]surveyedGroup{}
	waiting, opened := slices.Clone(nested), map[string]bool{}
	for len(waiting) > 0 && len(found) < mostGroups {
		var next []string
		layer, err := e.readLayer(ctx, waiting, found)
		if err != nil {
			return nil, err
		}
		for _, group := range layer {
			if !opened[group.Group.ID] {
				opened[group.Group.ID] = true
				next = append(next, group.Group.Members.Value.Groups...)
			}
		}
		waiting = distinctFold(next)
	}
	_, err := e.readLayer(ctx, direct, found)
	return slices.Collect(maps.Values(found)), err
}

// readLayer reads those of the groups that were not read yet, side by side.
func (e *Engine) readLayer(ctx context.Context, names []string, found map[string]surveyedGroup) ([]surveyedGroup, error) {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, known := found[strings.ToLower(name)]; return known })
	layer := make([]surveyedGroup, min(len(names), max(0, mostGroups-len(found))))
	group, ctx := readTogether(ctx)
	group.SetLimit(atOnce)
	for i := range layer {
		group.Go(func() error {
			read, err := readPart(ctx, e, needsRecipients, func(ctx context.Context) (surveyedGroup, error) { return e.readGroup(ctx, names[i]) })
			layer[i] = read.Value
			return err
		})
	}
	err := group.Wait()
	if err != nil {
		return nil, err
	}
	for _, one := range layer {
		found[strings.ToLower(one.Asked)] = one
	}
	return layer, nil
}

// readGroup reads a group and its direct members. Whatever keeps one group from being
// read for good is told with that group; what may pass is an error.
func (e *Engine) readGroup(ctx context.Context, name string) (surveyedGroup, error) {
	made := surveyedGroup{Asked: name, Group: access.Group{ID: name, Name: name}}
	found, err := e.Exchange.FindGroup(ctx, name)
	switch exchange.KindOf(err) {
	case "":
	case exchange.NotFound:
		made.Group.Gone = true
		return made, nil
	case exchange.WrongType:
		made.Single = true
		return made, nil
	default:
		return unreadMembers(made, err)
	}
	made.Group.ID, made.Group.DistinguishedName, made.Group.Name = found.GUID, found.DistinguishedName, firstOf(found.DisplayName, found.Name)
	members, err := e.Exchange.ListGroupMembers(ctx, found)
	if err != nil {
		return unreadMembers(made, err)
	}
	made.Group.Members = access.Known(membership(members))
	return made, nil
}

func unreadMembers(made surveyedGroup, err error) (surveyedGroup, error) {
	if passing(err) || KindOf(err) == KindStorage {
		return made, err
	}
	made.Group.Members = access.NotRead[access.Membership](why(err, needsRecipients))
	return made, nil
}

// membership sorts direct members into mailboxes and groups; others open nothing.
func membership(members []exchange.Recipient) access.Membership {
	var made access.Membership
	for _, member := range members {
		switch {
		case isGroup(member.Type):
			made.Groups = append(made.Groups, member.GUID)
		case grantable(member.Type):
			made.Mailboxes = append(made.Mailboxes, member.GUID)
		}
	}
	return made
}

// unitsNamed lists the administrative units that role assignments name.
func (s *surveyed) unitsNamed() []string {
	var names []string
	for _, assignment := range s.Assignments.Value {
		names = append(names, unitOf(assignment))
	}
	return distinctFold(names)
}

// unitOf is the administrative unit that limits an assignment; empty where none does.
// Exchange was seen to show the unit's id in place of a scope's name.
func unitOf(assignment exchange.RoleAssignment) string {
	if assignment.RecipientAdministrativeUnitScope != "" {
		return assignment.RecipientAdministrativeUnitScope
	}
	if strings.EqualFold(assignment.RecipientWriteScope, "AdministrativeUnit") {
		return firstOf(assignment.CustomResourceScope, assignment.CustomRecipientWriteScope)
	}
	return ""
}

// readUnits reads the members of units from the directory. Exchange says which unit a
// name means; members come from the directory, because Exchange lists none.
func (e *Engine) readUnits(ctx context.Context, names []string) ([]surveyedUnit, error) {
	units := make([]surveyedUnit, len(names))
	for i, name := range names {
		unit, err := e.readUnit(ctx, name)
		if err != nil && (passing(err) || KindOf(err) == KindStorage) {
			return nil, err
		}
		if err != nil {
			unit = surveyedUnit{Asked: name, Name: name, Members: access.NotRead[[]string](why(err, needsUnits))}
		}
		units[i] = unit
	}
	return units, nil
}

func (e *Engine) readUnit(ctx context.Context, name string) (surveyedUnit, error) {
	seen, err := e.Exchange.FindAdministrativeUnit(ctx, name)
	if err != nil {
		return surveyedUnit{}, err
	}
	members, err := e.Graph.ListAdministrativeUnitMembers(ctx, seen.ID)
	if err != nil {
		return surveyedUnit{}, err
	}
	made := surveyedUnit{Asked: name, Name: seen.DisplayName}
	var ids []string
	for _, member := range members {
		if member.Type == graph.MemberUser {
			ids = append(ids, member.ObjectID)
		}
	}
	made.Members = access.Known(ids)
	return made, nil
}

// distinctFold sorts texts and leaves out empty ones and repetitions, whatever their
// letter case.
func distinctFold(texts []string) []string {
	texts = slices.DeleteFunc(append([]string{}, texts...), func(text string) bool { return text == "" })
	slices.SortFunc(texts, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return slices.CompactFunc(texts, strings.EqualFold)
}

func sortedKeys(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
