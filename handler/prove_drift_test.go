package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/tenant"
)

// TestProveDrift plants every kind of drift among clean grants and retests all of them
// in one pass: every one is found by its name, and no clean grant is accused.
func TestProveDrift(t *testing.T) {
	proveFeats(t, 12, "every kind of drift among clean grants, found in one pass", func(full bool) []feat {
		one := drifting{clean: 30, each: 1}
		if full {
			one = drifting{clean: 1000, each: 5}
		}
		return []feat{{name: "drift", alone: true, run: one.run}}
	})
}

// drifting is how many grants are clean, and how many there are of each kind of drift.
type drifting struct {
	clean, each int
}

// wander is one kind of drift: what somebody does, and by which name it has to be found.
type wander struct {
	// reported is the type and the reason of the finding.
	reported string
	// actions change the tenant; with shape it is made so from the beginning, where no
	// cmdlet can do it.
	actions func(one member) []tenant.Action
	shape   func(one *member)
	// marked: it is done to an object of ours, which bears the mark for ever.
	marked bool
	// protects: the operator's document comes to protect the mailbox.
	protects bool
}

// wanders are the kinds of a mechanism. One that has none registered fails the row.
func wanders(f *findings, m mechanism) []wander {
	if m.name != "rbac" {
		f.Fatalf("no kinds of drift are registered for the mechanism %s", m.name)
	}
	return slices.Concat(rbacObjectWanders(), rbacPathWanders(), mailboxWanders())
}

func (one member) object(number int) string {
	return fmt.Sprintf("mg-%s-%s-%02d", stack.Installation, one.id, number)
}

func ran(name string, parameters map[string]any) tenant.Action {
	return tenant.Action{Do: "cmdlet", Cmdlet: name, Parameters: parameters}
}

const (
	removeAssignment = "Remove-ManagementRoleAssignment"
	makeAssignment   = "New-ManagementRoleAssignment"
	setAssignment    = "Set-ManagementRoleAssignment"
	roleOfFirst      = "Application Mail.Send"
)

func rbacObjectWanders() []wander {
	return []wander{
		{reported: "Provisioned PointerRemoved", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{cmdlet("Remove-ServicePrincipal", one.workload)}
		}},
		// Exchange makes no pointer with a stranger's application id, so it stands from the beginning.
		{reported: "Provisioned PointerReplaced", marked: true, shape: func(one *member) {
			from, to := castID("a", one.n), castID("a", one.n+500000)
			one.editObject = func(list, object string) string {
				if list != "pointers" {
					return object
				}
				return strings.ReplaceAll(object, from, to)
			}
		}},
		{reported: "Provisioned ScopeRemoved", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{cmdlet(removeAssignment, one.object(1)), cmdlet(removeAssignment, one.object(2)), cmdlet("Remove-ManagementScope", one.object(0))}
		}},
		{reported: "Provisioned FilterChanged", marked: true, actions: func(one member) []tenant.Action {
			filter := fmt.Sprintf("Guid -eq '%s' -or Guid -eq '%s'", one.mailbox, tenant.SampleHRGUID)
			return []tenant.Action{ran("Set-ManagementScope", map[string]any{"Identity": one.object(0), "RecipientRestrictionFilter": filter})}
		}},
		{reported: "Provisioned AssignmentRemoved", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{cmdlet(removeAssignment, one.object(1))}
		}},
		{reported: "Provisioned AssignmentWidened", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{cmdlet(removeAssignment, one.object(1)), ran(makeAssignment, map[string]any{"Name": one.object(1), "Role": roleOfFirst, "App": one.workload})}
		}},
		{reported: "Provisioned ScopeSwapped", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{ran(setAssignment, map[string]any{"Identity": one.object(1), "CustomResourceScope": tenant.SampleHelpdeskScope})}
		}},
		{reported: "Provisioned RoleChanged", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{cmdlet(removeAssignment, one.object(1)),
				ran(makeAssignment, map[string]any{"Name": one.object(1), "Role": "Application Mail.Read", "App": one.workload, "CustomResourceScope": one.object(0)})}
		}},
		{reported: "Provisioned AssignmentDisabled", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{ran(setAssignment, map[string]any{"Identity": one.object(1), "Enabled": false})}
		}},
	}
}

func rbacPathWanders() []wander {
	foreign := func(one member, scope string) []tenant.Action {
		parameters := map[string]any{"Name": fmt.Sprintf("Somebody else's %d", one.n), "Role": roleOfFirst, "App": one.workload}
		if scope != "" {
			parameters["CustomResourceScope"] = scope
		}
		return []tenant.Action{ran(makeAssignment, parameters)}
	}
	return []wander{
		{reported: "Confined OtherPath", actions: func(one member) []tenant.Action {
			return []tenant.Action{{Do: "addConsent", Workload: one.workload, Resource: "graph", Permission: "Mail.Send"}}
		}},
		{reported: "Confined OtherPath", actions: func(one member) []tenant.Action { return foreign(one, "") }},
		{reported: "Confined ForeignAssignment", actions: func(one member) []tenant.Action {
			return foreign(one, tenant.SampleHelpdeskScope)
		}},
	}
}

func mailboxWanders() []wander {
	return []wander{
		{reported: "MailboxesHeld MailboxGone", actions: func(one member) []tenant.Action {
			return []tenant.Action{{Do: "removeMailbox", Mailbox: map[string]any{"guid": one.mailbox}}}
		}},
		{reported: "MailboxesHeld MailboxMadeAnew", actions: func(one member) []tenant.Action {
			return []tenant.Action{{Do: "removeMailbox", Mailbox: map[string]any{"guid": one.mailbox}},
				{Do: "addMailbox", Mailbox: map[string]any{"guid": castID("d", one.n+500000), "displayName": "Made anew", "primary": one.address(), "type": "SharedMailbox"}}}
		}},
		{reported: "MailboxesHeld ProtectedMailbox", protects: true},
	}
}

func (one member) address() string { return fmt.Sprintf("news%05d@contoso.example", one.n) }

func (d drifting) run(g *ground, f *findings, m mechanism) outcome {
	kinds := wanders(f, m)
	planted := len(kinds) * d.each
	c := g.gather(f, m, planted+d.clean, 1, func(n int, one *member) {
		if n < planted && kinds[n%len(kinds)].shape != nil {
			kinds[n%len(kinds)].shape(one)
		}
	})
	defer c.end()
	c.wander(kinds, c.members[:planted])
	began := time.Now()
	told := c.retestAll()
	took := time.Since(began)
	missed := c.checkFound(kinds, c.members[:planted], told)
	accused := c.checkClean(c.members[planted:], told)
	return outcome{tried: planted + d.clean, failed: missed + accused, seeded: true, note: fmt.Sprintf("%d kinds, %d of each, among %d clean grants: %d missed, %d falsely accused, one pass in %s",
		len(kinds), d.each, d.clean, missed, accused, took.Round(time.Second))}
}

// wander lets every one of the members drift in its way.
func (c *crowd) wander(kinds []wander, members []member) {
	protected := []string{"ceo@contoso.example"}
	for i, one := range members {
		kind := kinds[i%len(kinds)]
		if kind.protects {
			protected = append(protected, one.address())
		}
		if kind.actions == nil {
			continue
		}
		err := c.tenant().Administer(kind.actions(one)...)
		if err != nil {
			c.Fatalf("planting %s: %v", kind.reported, err)
		}
	}
	document := strings.Replace(stack.Document, "[ceo@contoso.example]", "["+strings.Join(protected, ", ")+"]", 1)
	err := os.WriteFile(c.stacks[0].DocumentPath, []byte(document), 0o600)
	if err != nil {
		c.Fatalf("writing the operator's document: %v", err)
	}
}

// pass is an operation as the service shows it.
type pass struct {
	ID, State string
	Total     int
	Findings  []struct{ Grant, Type, Reason, Message string }
}

// of lists what was found about one grant.
func (p pass) of(id string) []string {
	var found []string
	for _, finding := range p.Findings {
		if finding.Grant == id {
			found = append(found, finding.Type+" "+finding.Reason)
		}
	}
	return found
}

// retestAll runs one pass over every active grant and returns what it found.
func (c *crowd) retestAll() pass {
	var told pass
	c.call(http.MethodPost, "/api/run/retest", &told)
	limit := time.Now().Add(settleCrowd)
	for told.State != "done" {
		if time.Now().After(limit) {
			c.Fatalf("the pass has not ended: %s of %d", told.State, told.Total)
		}
		time.Sleep(50 * time.Millisecond)
		c.call(http.MethodGet, "/api/operations/"+told.ID, &told)
	}
	c.quiet()
	if told.Total != len(c.members) {
		c.Errorf("the pass was about %d grants and there are %d", told.Total, len(c.members))
	}
	return told
}

// checkFound counts what was not found by its name, or does not bear the mark.
func (c *crowd) checkFound(kinds []wander, members []member, told pass) int {
	missed := 0
	for i, one := range members {
		kind := kinds[i%len(kinds)]
		found := told.of(one.id)
		seen, err := c.lookAt(one, false)
		if err != nil {
			c.Fatalf("%v", err)
		}
		marked := seen.grant.Condition(grant.EditedByOther).Status == grant.True
		if !slices.Contains(found, kind.reported) || marked != kind.marked {
			c.Errorf("%s (kind %d) was reported as %q, marked %v", kind.reported, i%len(kinds), found, marked)
			missed++
		}
	}
	return missed
}

// checkClean counts the grants that were accused of anything.
func (c *crowd) checkClean(members []member, told pass) int {
	accused := 0
	for _, one := range members {
		found := told.of(one.id)
		if len(found) > 0 {
			c.Errorf("the clean grant %s was reported as %q", one.id, found)
			accused++
		}
	}
	return accused
}
