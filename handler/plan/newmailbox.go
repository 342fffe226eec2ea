package plan

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// NewMailbox is a mailbox that a grant was asked to make, or that has its address, as it
// was read.
type NewMailbox struct {
	ID, Name, Address, Type, EntraID string
}

// sharedMailbox is Exchange's RecipientTypeDetails of what is made.
const sharedMailbox = "SharedMailbox"

// mailboxSteps are those of the mailboxes that do not exist yet. Our remote name becomes
// their name, by which one of ours is told from a stranger's of the same address.
func mailboxSteps(g grant.Grant, installation string) []grant.Step {
	var steps []grant.Step
	for _, mailbox := range g.Mailboxes {
		if mailbox.GUID != "" {
			continue
		}
		number := grant.FirstNewMailbox + len(steps)
		title, _, _ := strings.Cut(mailbox.Address, "@")
		steps = append(steps, grant.Step{Number: number, Kind: grant.MailboxStep, Name: grant.RemoteName(installation, g.ID, number),
			State: grant.Wanted, Address: mailbox.Address, DisplayName: firstOf(g.NewMailbox.DisplayName, title)})
	}
	return steps
}

// makeMailboxes makes them one after the other; nil when all are made and in the grant. One
// that was made is never made again: what becomes of it later is told by the retest.
func (s Situation) makeMailboxes(now time.Time) *Action {
	var last *Action
	for _, step := range s.Steps {
		if step.Kind != grant.MailboxStep {
			continue
		}
		if step.State == grant.Made {
			last = record(step, grant.Made, step.RemoteID)
			continue
		}
		action := makeStep(step, s.seenMailbox(step), now)
		if action != nil {
			return action
		}
	}
	if s.Grant.Unmade() {
		// What follows was not laid out when the last of them was recorded.
		return last
	}
	return nil
}

// seenMailbox finds the mailbox by our name, or by the id that was recorded. Another one at
// its address is somebody else's.
func (s Situation) seenMailbox(step grant.Step) object {
	seen := object{read: s.NewMailboxes.Read, why: s.NewMailboxes.Why, title: "the mailbox " + step.Address}
	for _, mailbox := range s.NewMailboxes.Value {
		ours := strings.EqualFold(mailbox.Name, step.Name) || step.RemoteID != "" && strings.EqualFold(mailbox.ID, step.RemoteID)
		switch {
		case ours && mailbox.Type != sharedMailbox:
			seen.present, seen.id, seen.differs = true, mailbox.ID, "is a "+mailbox.Type+" and no shared mailbox"
		case ours && !strings.EqualFold(mailbox.Address, step.Address):
			seen.present, seen.id, seen.differs = true, mailbox.ID, fmt.Sprintf("has the address %s and not %s", mailbox.Address, step.Address)
		case ours:
			seen.present, seen.id, seen.differs = true, mailbox.ID, ""
			return seen
		case strings.EqualFold(mailbox.Address, step.Address) && !seen.present:
			seen.present, seen.differs = true, fmt.Sprintf("bears the name %q: somebody has made it since the grant was bound, and may use it for something else. Ask for a new grant on it", mailbox.Name)
		}
	}
	return seen
}

// endMailboxes leaves the mailboxes as they are: they hold mail. Only one that may still
// appear is waited for, so that the answer says what is left.
func (s Situation) endMailboxes(now time.Time) *Action {
	for _, step := range s.Steps {
		if step.Kind != grant.MailboxStep {
			continue
		}
		seen := s.seenMailbox(step)
		switch {
		case step.State == grant.Gone || step.State == grant.Left:
		case step.State == grant.Made:
			return record(step, grant.Left, step.RemoteID)
		case step.State == grant.Wanted && !now.Before(step.MayAppearUntil):
			return record(step, grant.Gone, "")
		case !seen.read:
			return unread(step, seen.why, now)
		case seen.present && seen.id != "":
			return record(step, grant.Left, seen.id)
		case now.Before(step.MayAppearUntil):
			return &Action{Verb: Wait, Step: step, Until: step.MayAppearUntil, Reason: MayStillAppear,
				Message: "a create of " + seen.title + " got no answer and may still take effect"}
		default:
			return record(step, grant.Gone, "")
		}
	}
	return nil
}

// withoutMailboxes are the steps of the mechanism itself.
func (s Situation) withoutMailboxes() Situation {
	var rest []grant.Step
	for _, step := range s.Steps {
		if step.Kind != grant.MailboxStep {
			rest = append(rest, step)
		}
	}
	s.Steps = rest
	return s
}

// LayOut gives the grant's mailboxes their ids and lays out the steps of its mechanism, as
// soon as every mailbox is made; before that, and afterwards, it returns false.
func LayOut(s Situation) ([]grant.Mailbox, []grant.Step, bool, error) {
	if !s.Grant.Unmade() {
		return nil, nil, false, nil
	}
	mailboxes := append([]grant.Mailbox(nil), s.Grant.Mailboxes...)
	for _, step := range s.Steps {
		if step.Kind != grant.MailboxStep || step.State != grant.Made {
			continue
		}
		for i := range mailboxes {
			if mailboxes[i].GUID == "" && strings.EqualFold(mailboxes[i].Address, step.Address) {
				mailboxes[i] = grant.Mailbox{GUID: step.RemoteID, Address: step.Address, Type: sharedMailbox, EntraID: s.entraID(step.RemoteID)}
			}
		}
	}
	s.Grant.Mailboxes = mailboxes
	if s.Grant.Unmade() && !slices.ContainsFunc(s.Steps, func(step grant.Step) bool { return step.State != grant.Made }) {
		return nil, nil, false, errors.New("a mailbox of the grant is still to be made, and none of its steps makes it")
	}
	if s.Grant.Unmade() {
		return nil, nil, false, nil
	}
	steps, err := Steps(s.Grant, s.Installation)
	return mailboxes, steps, err == nil, err
}

func (s Situation) entraID(guid string) string {
	for _, mailbox := range s.NewMailboxes.Value {
		if strings.EqualFold(mailbox.ID, guid) {
			return mailbox.EntraID
		}
	}
	return ""
}

// notYet stands on paper for the id of a mailbox that is still to be made: its last two
// digits are the number of the step. No object has such an id.
const notYet = "00000000-0000-0000-0000-0000000000"

func idOnPaper(step grant.Step) string { return fmt.Sprintf("%s%02d", notYet, step.Number) }

// putMailbox makes the mailbox on paper.
func (p *sheet) putMailbox(step grant.Step) {
	p.NewMailboxes = access.Known(append(append([]NewMailbox(nil), p.NewMailboxes.Value...),
		NewMailbox{ID: idOnPaper(step), Name: step.Name, Address: step.Address, Type: sharedMailbox}))
}

// layOut lays out on paper what comes after the mailboxes; false where it cannot be.
func (p *sheet) layOut() bool {
	mailboxes, steps, made, err := LayOut(p.Situation)
	if !made {
		return err == nil
	}
	p.Grant.Mailboxes, p.Steps = mailboxes, append(p.Steps, steps...)
	// What names a mailbox that was made a moment ago cannot be there yet.
	p.Group, p.Held.Read = access.Known[*Group](nil), true
	for _, step := range steps {
		if step.Kind == grant.ScopeStep {
			p.Facts.Scopes[step.Name] = access.Known[*access.Scope](nil)
		}
	}
	for _, step := range PermissionSteps(p.Grant) {
		known := slices.ContainsFunc(p.Permissions, func(one Shared) bool { return one.Step.Name == step.Name })
		if !known {
			p.Permissions = append(p.Permissions, Shared{Step: step})
		}
	}
	return true
}

// mailboxCreation is the call that makes the mailbox. Its id goes into what follows.
func mailboxCreation(step grant.Step) *cmdlet {
	made := call("New-Mailbox").flag("Shared", true).text("Name", step.Name).text("DisplayName", step.DisplayName).text("PrimarySmtpAddress", step.Address)
	made.into = fmt.Sprintf("mailbox%02d", step.Number)
	return made
}

// onPaper finds such an id.
var onPaper = regexp.MustCompile(notYet + "(9[0-8])")

// expressed is a PowerShell expression for a text with ids. One that is not known before
// its mailbox is made is taken from what New-Mailbox has returned.
func (p Printed) expressed(text string) string {
	if p.Grant.NewMailbox == nil {
		return quoted(text)
	}
	var parts []string
	done := 0
	for _, place := range onPaper.FindAllStringSubmatchIndex(text, -1) {
		if place[0] > done {
			parts = append(parts, quoted(text[done:place[0]]))
		}
		parts = append(parts, "$mailbox"+text[place[2]:place[3]]+".Guid.ToString()")
		done = place[1]
	}
	if done < len(text) || len(parts) == 0 {
		parts = append(parts, quoted(text[done:]))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " + ") + ")"
}

// mailboxLookUps find the mailboxes that were made by their exact names: the removal is run
// by itself, long after.
func (p Printed) mailboxLookUps(w *script) {
	for _, line := range p.Making.Lines {
		if line.Step.Kind != grant.MailboxStep || line.Verb != Create {
			continue
		}
		found := call("Get-Mailbox").text("Identity", line.Step.Name)
		found.into, found.filters = mailboxCreation(line.Step).into, [][2]string{{"Name", line.Step.Name}}
		w.line(found.String())
	}
}
