package plan

import (
	"testing"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

const madeID = "d0000000-0000-4000-8000-0000000000aa"

// asked is a grant whose mailbox does not exist yet, with that one step in a state.
func asked(t *testing.T, state grant.StepState, seen ...NewMailbox) Situation {
	t.Helper()
	g := grant.Grant{ID: "aaaaaaaaaaaaaaaaaaaa", Mechanism: grant.RBAC, Permissions: []string{"Mail.Send"}, NewMailbox: &grant.NewMailbox{},
		Mailboxes: []grant.Mailbox{{GUID: "d0000000-0000-4000-8000-000000000001", Address: "news@b.example"}, {Address: "new@b.example"}}}
	steps, err := Steps(g, "demo01")
	if err != nil || len(steps) != 1 || steps[0].DisplayName != "new" || steps[0].Name != "mg-demo01-aaaaaaaaaaaaaaaaaaaa-90" {
		t.Fatalf("%+v, %v", steps, err)
	}
	steps[0].State = state
	return Situation{Grant: g, Steps: steps, Installation: "demo01", NewMailboxes: access.Known(seen)}
}

// TestWhoseMailbox: one of ours is known by its name, and whatever else has the address is
// somebody else's and never written to.
func TestWhoseMailbox(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	ours := NewMailbox{ID: madeID, Name: "mg-demo01-aaaaaaaaaaaaaaaaaaaa-90", Address: "new@b.example", Type: sharedMailbox}
	stranger, moved, person := ours, ours, ours
	stranger.Name, moved.Address, person.Type = "new", "other@b.example", "UserMailbox"
	unread := asked(t, grant.Creating)
	unread.NewMailboxes = access.NotRead[[]NewMailbox]("silence")
	for name, one := range map[string]struct {
		situation     Situation
		making, ended string
	}{
		"absent":                    {asked(t, grant.Wanted), "create ", "record gone"},
		"ours":                      {asked(t, grant.Creating, ours), "record made", "record left"},
		"ours, and listed twice":    {asked(t, grant.Creating, ours, ours), "record made", "record left"},
		"ours at another address":   {asked(t, grant.Creating, moved), "block Differs", "record left"},
		"ours of another type":      {asked(t, grant.Creating, person), "block Differs", "record left"},
		"a stranger's":              {asked(t, grant.Wanted, stranger), "block NameTaken", "record gone"},
		"a stranger's, and ours":    {asked(t, grant.Creating, stranger, moved), "block Differs", "record left"},
		"a stranger's, since begun": {asked(t, grant.Creating, stranger), "block Differs", "record gone"},
		"not read":                  {unread, "wait NotRead", "wait NotRead"},
	} {
		for action, want := range map[*Action]string{one.situation.makeMailboxes(now): one.making, one.situation.endMailboxes(now): one.ended} {
			got := string(action.Verb) + " " + action.Reason
			if action.Verb == Record {
				got += string(action.Step.State)
			}
			if got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	}
}

// TestLaidOut: nothing that names a mailbox is planned before every mailbox has its id.
func TestLaidOut(t *testing.T) {
	t.Parallel()
	s := asked(t, grant.Creating)
	_, _, made, err := LayOut(s)
	if made || err != nil {
		t.Errorf("laid out before it was made: %v", err)
	}
	s.Steps[0].State, s.Steps[0].RemoteID = grant.Made, madeID
	mailboxes, steps, made, err := LayOut(s)
	if err != nil || !made || len(steps) != 2 || mailboxes[1].GUID != madeID || mailboxes[0].Address != "news@b.example" {
		t.Fatalf("%+v, %+v, %v", mailboxes, steps, err)
	}
	want, err := access.MailboxFilter([]string{"d0000000-0000-4000-8000-000000000001", madeID})
	if err != nil || steps[0].Filter != want {
		t.Errorf("%s, want %s, %v", steps[0].Filter, want, err)
	}
	s.Grant.Mailboxes = mailboxes
	if _, _, again, _ := LayOut(s); again {
		t.Error("laid out twice")
	}
	if action := s.endMailboxes(time.Time{}); action.Step.State != grant.Left {
		t.Errorf("at the end %+v", action)
	}
}

func TestExpressed(t *testing.T) {
	t.Parallel()
	id := idOnPaper(grant.Step{Number: 90})
	for text, want := range map[string]string{
		notYet + "$(":           `'` + notYet + `$('`,
		"it's":                  `'it''s'`,
		id:                      `$mailbox90.Guid.ToString()`,
		"Guid -eq '" + id + "'": `('Guid -eq ''' + $mailbox90.Guid.ToString() + '''')`,
		id + id:                 `($mailbox90.Guid.ToString() + $mailbox90.Guid.ToString())`,
		id[:len(id)-2]:          `'` + id[:len(id)-2] + `'`,
		"(" + id + ") or " + id: `('(' + $mailbox90.Guid.ToString() + ') or ' + $mailbox90.Guid.ToString())`,
	} {
		makes := Printed{Rehearsal: Rehearsal{Grant: grant.Grant{NewMailbox: &grant.NewMailbox{}}}}
		if got := makes.expressed(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		if got := (Printed{}).expressed(text); got != quoted(text) {
			t.Errorf("without a mailbox to make, %s: %s", text, got)
		}
	}
}

// TestNothingBeforeItIsLaidOut: a run that recorded the last mailbox and did not come to lay
// the rest out is gone on with there, and nothing is made or called complete without it.
func TestNothingBeforeItIsLaidOut(t *testing.T) {
	t.Parallel()
	s := asked(t, grant.Made, NewMailbox{ID: madeID, Name: "mg-demo01-aaaaaaaaaaaaaaaaaaaa-90", Address: "new@b.example", Type: sharedMailbox})
	s.Steps[0].RemoteID = madeID
	s.Pointer = Pointer(grant.Workload{ObjectID: "b"})
	s.Facts.Pointer = access.Known[*access.Pointer](nil)
	action := Provision(s, time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	if action.Verb != Record || action.Step.Kind != grant.MailboxStep || action.Step.State != grant.Made || action.Step.RemoteID != madeID {
		t.Errorf("%s %+v", action.Verb, action.Step)
	}
	s.Steps[0].Address = "another@b.example"
	if _, _, made, err := LayOut(s); made || err == nil {
		t.Error("a mailbox that no step makes is waited for without a word")
	}
}
