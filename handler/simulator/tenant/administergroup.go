package tenant

import (
	"fmt"
	"slices"
	"strings"
)

// groupActions change groups and administrative units.
var groupActions = map[string]func(*Tenant, Action, *invocation) error{
	"addGroup":    (*Tenant).administratorAddsGroup,
	"setGroup":    (*Tenant).administratorSetsGroup,
	"removeGroup": (*Tenant).administratorRemovesGroup,
	"addGroupMember": func(t *Tenant, action Action, call *invocation) error {
		return t.changeMember(action, call, true)
	},
	"removeGroupMember": func(t *Tenant, action Action, call *invocation) error {
		return t.changeMember(action, call, false)
	},
	"addAdministrativeUnit":    (*Tenant).administratorAddsUnit,
	"setAdministrativeUnit":    (*Tenant).administratorSetsUnit,
	"removeAdministrativeUnit": (*Tenant).administratorRemovesUnit,
	"addAdministrativeUnitMember": func(t *Tenant, action Action, call *invocation) error {
		return t.changeUnitMember(action, call, true)
	},
	"removeAdministrativeUnitMember": func(t *Tenant, action Action, call *invocation) error {
		return t.changeUnitMember(action, call, false)
	},
}

func (t *Tenant) administratorAddsGroup(action Action, call *invocation) error {
	var made group
	err := overlay(action.Group, &made)
	if err != nil {
		return err
	}
	check := &directoryCheck{seen: map[string]string{}}
	check.group(made.DisplayName, made, false)
	if len(check.faults) > 0 {
		return check.faults[0]
	}
	known := t.state.references()
	made = made.completed()
	made.Members, made.Owners = resolved(made.Members, known), resolved(made.Owners, known)
	t.state.groups = append(slices.Clone(t.state.groups), made)
	t.state.changed(call.at, call.by, "created", "group", made.Name, made.Kind)
	return t.checkMailboxes()
}

func (t *Tenant) groupOf(fields map[string]any) (group, int, error) {
	wanted, _ := fields["guid"].(string)
	found, index, is := t.state.groupByGUID(wanted)
	if !is {
		return group{}, -1, fmt.Errorf("there is no group with guid %q", wanted)
	}
	return found, index, nil
}

// administratorSetsGroup replaces lists as a whole. A dynamic list's filter is checked like a new one.
func (t *Tenant) administratorSetsGroup(action Action, call *invocation) error {
	changed, index, err := t.groupOf(action.Group)
	if err != nil {
		return err
	}
	known := t.state.references()
	for name, list := range map[string]*[]string{"aliases": &changed.Aliases, "members": &changed.Members, "owners": &changed.Owners} {
		// Decoding into a shared list would alter what an undo has to bring back.
		if _, named := action.Group[name]; named {
			*list = nil
		}
	}
	err = overlay(action.Group, &changed)
	if err != nil {
		return err
	}
	check := &directoryCheck{seen: map[string]string{}}
	check.group(changed.Name, changed, false)
	if len(check.faults) > 0 {
		return check.faults[0]
	}
	changed = changed.completed()
	changed.Members, changed.Owners = resolved(changed.Members, known), resolved(changed.Owners, known)
	t.state.setGroup(index, changed)
	t.state.changed(call.at, call.by, "changed", "group", changed.Name, changed.distinguishedName(t.organization.Domain))
	return t.checkMailboxes()
}

func (t *Tenant) administratorRemovesGroup(action Action, call *invocation) error {
	gone, _, err := t.groupOf(action.Group)
	if err != nil {
		return err
	}
	t.dropGroup(gone, call)
	return nil
}

// changedList adds or removes one id, and fails where that changes nothing.
func changedList(list []string, member string, add bool) ([]string, string, error) {
	switch held := containsFold(list, member); {
	case member == "":
		return nil, "", fmt.Errorf("there is no member named")
	case add && held:
		return nil, "", fmt.Errorf("%q is a member already", member)
	case add:
		return with(list, member), "created", nil
	case !held:
		return nil, "", fmt.Errorf("%q is not a member", member)
	}
	return without(list, member), "removed", nil
}

func (t *Tenant) changeMember(action Action, call *invocation, add bool) error {
	found, index, err := t.groupOf(action.Group)
	if err != nil {
		return err
	}
	member := resolved([]string{action.Member}, t.state.references())[0]
	members, did, err := changedList(found.Members, member, add)
	if err != nil {
		return fmt.Errorf("change the members of %s: %w", found.Name, err)
	}
	found.Members = members
	t.state.setGroup(index, found)
	t.state.changed(call.at, call.by, did, "groupMember", found.Name, t.state.memberName(member))
	return nil
}

func (t *Tenant) unitOf(fields map[string]any) (unit, int, error) {
	wanted, _ := fields["id"].(string)
	found, index, is := t.state.unit(wanted)
	if !is {
		return unit{}, -1, fmt.Errorf("there is no administrative unit with id %q", wanted)
	}
	return found, index, nil
}

func (t *Tenant) administratorAddsUnit(action Action, call *invocation) error {
	var made unit
	err := overlay(action.AdministrativeUnit, &made)
	if err != nil {
		return err
	}
	check := &directoryCheck{seen: map[string]string{}}
	check.unit(made.DisplayName, made)
	if len(check.faults) > 0 {
		return check.faults[0]
	}
	if _, _, taken := t.state.unit(made.ID); taken {
		return fmt.Errorf("there is an administrative unit with id %q already", made.ID)
	}
	made.Members = resolved(made.Members, t.state.references())
	t.state.units = append(slices.Clone(t.state.units), made.born(call.at))
	t.state.changed(call.at, call.by, "created", "administrativeUnit", made.DisplayName, made.ID)
	return nil
}

func (t *Tenant) administratorSetsUnit(action Action, call *invocation) error {
	changed, index, err := t.unitOf(action.AdministrativeUnit)
	if err != nil {
		return err
	}
	if _, named := action.AdministrativeUnit["members"]; named {
		changed.Members = nil
	}
	err = overlay(action.AdministrativeUnit, &changed)
	if err != nil {
		return err
	}
	changed.Members = resolved(changed.Members, t.state.references())
	t.state.setUnit(index, changed)
	t.state.changed(call.at, call.by, "changed", "administrativeUnit", changed.DisplayName, changed.ID)
	return nil
}

// administratorRemovesUnit leaves assignments behind that nobody is in the scope of.
func (t *Tenant) administratorRemovesUnit(action Action, call *invocation) error {
	gone, _, err := t.unitOf(action.AdministrativeUnit)
	if err != nil {
		return err
	}
	t.state.units = slices.DeleteFunc(slices.Clone(t.state.units), func(each unit) bool { return strings.EqualFold(each.ID, gone.ID) })
	t.state.changed(call.at, call.by, "removed", "administrativeUnit", gone.DisplayName, gone.ID)
	return nil
}

func (t *Tenant) changeUnitMember(action Action, call *invocation, add bool) error {
	found, index, err := t.unitOf(action.AdministrativeUnit)
	if err != nil {
		return err
	}
	member := resolved([]string{action.Member}, t.state.references())[0]
	members, did, err := changedList(found.Members, member, add)
	if err != nil {
		return fmt.Errorf("change the members of %s: %w", found.DisplayName, err)
	}
	found.Members = members
	t.state.setUnit(index, found)
	t.state.changed(call.at, call.by, did, "administrativeUnitMember", found.DisplayName, t.state.memberName(member))
	return nil
}
