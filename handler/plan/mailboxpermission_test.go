package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// TestPermissionsOpenWhatWasAsked lets overlapping grants of one workload begin and end in
// any order, with lost and late writes, in a room where strangers have a pointer,
// permissions and consents. At every instant no mailbox is open that nobody asked for, no
// active grant is cut, nothing of an ended one is left, and the strangers' things stay.
func TestPermissionsOpenWhatWasAsked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chance := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "chance") }
		c := newMailClerk(strangersRoom(chance), chance)
		c.faults = rapid.IntRange(0, 12).Draw(t, "faults")
		for range rapid.IntRange(5, 60).Draw(t, "runs") {
			c.somebodyMoves(t)
			c.pass(c.now.Add(time.Duration(c.chance(5400)) * time.Second))
			c.holds(t)
		}
		c.end(t)
	})
}

func mailroomGUIDs() []string { return []string{firstGUID, secondGUID, thirdGUID} }

// strangersRoom has, now and then, what others have made before us.
func strangersRoom(chance func(int) int) *mailroom {
	room := newMailroom()
	for _, value := range []string{"IMAP.AccessAsApp", "SMTP.SendAsApp"} {
		set(room.consents, value, chance(6) == 0)
	}
	room.pointer = chance(2) == 0
	for _, mailbox := range mailroomGUIDs() {
		set(room.rights, mailbox+"/FullAccess", room.pointer && chance(8) == 0)
		set(room.rights, mailbox+"/SendAs", room.pointer && chance(8) == 0)
	}
	return room
}

// somebodyMoves asks for a grant, begins one, goes on with it, or begins or goes on with
// its end.
func (c *mailClerk) somebodyMoves(t *rapid.T) {
	if len(c.lives) == 0 || len(c.lives) < 6 && c.chance(4) == 0 {
		c.request()
		return
	}
	l := c.lives[c.chance(len(c.lives))]
	switch {
	case l.State == grant.Scheduled:
		l.State = grant.Provisioning
	case l.State != grant.Revoking && !l.State.Ended() && c.chance(4) == 0:
		l.State = grant.Revoking
	}
	c.goOn(t, l)
}

// request binds a grant, unless it would open more than it asks for.
func (c *mailClerk) request() {
	g := grant.Grant{ID: grant.NewID("model", fmt.Sprint(len(c.lives))), State: grant.Scheduled, Mechanism: grant.MailboxPermission, Waits: grant.WaitsOf(grant.MailboxPermission),
		ConsentBy: grant.Service, ReceivedAt: c.now, Workload: grant.Workload{AppID: appID, ObjectID: objectID}}
	sets := [][]string{{"IMAP.AccessAsApp"}, {"SMTP.SendAsApp"}, {"POP.AccessAsApp", "IMAP.AccessAsApp"}, {"IMAP.AccessAsApp", "SMTP.SendAsApp"}}
	g.Permissions = sets[c.chance(len(sets))]
	for _, mailbox := range mailroomGUIDs()[:2] {
		if len(g.Mailboxes) == 0 || c.chance(2) == 0 {
			g.Mailboxes = append(g.Mailboxes, grant.Mailbox{GUID: mailbox})
		}
	}
	if c.chance(2) == 0 {
		g.Mailboxes = g.Mailboxes[len(g.Mailboxes)-1:]
	}
	together := []grant.Grant{g}
	for _, l := range c.lives {
		if !l.State.Ended() {
			together = append(together, l.Grant)
		}
	}
	var foreign []string
	for value := range c.consents {
		if !c.given(value).Exists() {
			foreign = append(foreign, value)
		}
	}
	if len(plan.ExcessOfPermissions(together, foreign)) == 0 {
		c.lives = append(c.lives, &life{Grant: g})
	}
}

// given is the step of a consent on Exchange.
func (c *mailClerk) given(value string) grant.Step {
	return c.known(grant.Step{Kind: grant.ConsentStep, Name: "exchange/" + value})
}

func (c *mailClerk) goOn(t *rapid.T, l *life) {
	var finished bool
	var err error
	switch l.State {
	case grant.Provisioning:
		finished, err = c.run(l, plan.Provision)
		if finished {
			l.State = grant.Active
			found := plan.Inspect(c.situation(l), c.now)
			if len(found) > 0 {
				t.Fatalf("what was made is not as planned: %s %s", found[0].Reason, found[0].Message)
			}
		}
	case grant.Revoking:
		finished, err = c.run(l, plan.Revoke)
		if finished {
			l.State = grant.RevokedState
			c.ended[l.ID] = c.now
		}
	}
	if err != nil {
		t.Fatalf("%s %s: %v", l.State, l.ID, err)
	}
	c.holds(t)
}

func (c *mailClerk) holds(t *rapid.T) {
	c.look("some time")
	if c.broken != "" {
		t.Fatal(c.broken)
	}
}

// look holds every promise against the room as it is now.
func (c *mailClerk) look(after string) {
	broken := []string{c.wide(), c.cut(), c.leftover(), c.taken()}
	for _, one := range broken {
		if one != "" && c.broken == "" {
			c.broken = fmt.Sprintf("at %s after %s: %s", c.now.Format("15:04:05"), after, one)
		}
	}
}

// wide names a mailbox that is open by more than was asked for it, and than was open
// before. A grant that has ended counts for as long as a token of its time may live; and
// as long as a stranger's right stands on a mailbox that it asked for, because that is left.
func (c *mailClerk) wide() string {
	for _, mailbox := range mailroomGUIDs() {
		asked := c.before.opened(mailbox)
		left := c.before.rights[mailbox+"/FullAccess"] || c.before.rights[mailbox+"/SendAs"]
		for _, l := range c.lives {
			counts := l.MayHaveMade() || l.State.Ended() && (left || c.now.Before(c.ended[l.ID].Add(grant.TokensLive)))
			if counts && asks(l, mailbox) {
				asked = append(asked, l.Permissions...)
			}
		}
		if beyond := access.Beyond(c.opened(mailbox), asked); len(beyond) > 0 {
			return fmt.Sprintf("%s is open to %v by %v, and asked for were %v", mailbox, beyond, c.opened(mailbox), asked)
		}
	}
	return ""
}

func (c *mailClerk) cut() string {
	for _, l := range c.lives {
		for _, mailbox := range l.Mailboxes {
			for _, value := range l.Permissions {
				if l.State == grant.Active && !(c.consents[value] && c.stands(mailbox.GUID, value)) {
					return fmt.Sprintf("%s of %s is cut from the active grant %s", value, mailbox.GUID, l.ID)
				}
			}
		}
	}
	return ""
}

// stands reports whether a right on the mailbox stands that the permission needs.
func (c *mailClerk) stands(mailbox, value string) bool {
	return slices.ContainsFunc(access.RightsFor([]string{value}), func(right access.MailboxRight) bool { return c.pointer && c.rights[mailbox+"/"+string(right)] })
}

// leftover names what is there of ended grants, and that neither a stranger has made nor
// another grant may need.
func (c *mailClerk) leftover() string {
	rights, consents := map[string]bool{}, map[string]bool{}
	for _, l := range c.lives {
		for _, step := range plan.PermissionSteps(l.Grant) {
			rights[step.Name] = rights[step.Name] || !l.State.Ended()
		}
		for _, step := range plan.ConsentSteps(l.Grant) {
			consents[step.Permission] = consents[step.Permission] || !l.State.Ended()
		}
	}
	for name := range c.rights {
		if !rights[name] && !c.before.rights[name] {
			return "the permission " + name + " is there, and nobody needs it"
		}
		if !c.pointer {
			return "the permission " + name + " is of nobody: its pointer was removed"
		}
	}
	for value := range c.consents {
		if !consents[value] && !c.before.consents[value] {
			return "the consent to " + value + " is there, and nobody needs it"
		}
	}
	return ""
}

// taken names what a stranger has made and that is gone.
func (c *mailClerk) taken() string {
	for name := range c.before.rights {
		if !c.rights[name] {
			return "a stranger's permission is gone: " + name
		}
	}
	for value := range c.before.consents {
		if !c.consents[value] {
			return "a stranger's consent is gone: " + value
		}
	}
	if c.before.pointer && !c.pointer {
		return "a stranger's pointer is gone"
	}
	return ""
}

// end revokes everything and holds that the room is as strangers had it, and stays so.
func (c *mailClerk) end(t *rapid.T) {
	c.faults = 0
	for _, l := range c.lives {
		if l.MayHaveMade() {
			l.State = grant.Revoking
		}
	}
	for range 10 {
		for _, l := range c.lives {
			c.goOn(t, l)
		}
		c.pass(c.now.Add(20 * time.Minute))
		c.holds(t)
	}
	for _, l := range c.lives {
		if !l.State.Ended() && l.State != grant.Scheduled {
			t.Errorf("%s is %s", l.ID, l.State)
		}
	}
	// Somebody's consent may need the pointer, so that it is left beside one.
	kept := c.before.pointer || c.pointer && len(c.before.consents) > 0
	if c.pointer != kept || !maps.Equal(c.rights, c.before.rights) || !maps.Equal(c.consents, c.before.consents) {
		t.Fatalf("in the end there are the pointer %t, rights %v, consents %v; before, %t, %v, %v", c.pointer, c.rights, c.consents, c.before.pointer, c.before.rights, c.before.consents)
	}
}
