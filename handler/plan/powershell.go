package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// AppRole is an app role with the service principal that offers it, by their ids.
type AppRole struct {
	ResourceID, RoleID string
}

// Printed is what is printed of a rehearsal.
type Printed struct {
	Rehearsal
	// Roles are the app roles of the consents, by the name of their step.
	Roles map[string]AppRole
	// Tested are the mailboxes of the grant that are asked about: of a group, unit or
	// filter a few.
	Tested []grant.Mailbox
	// NamesHold: the real request gets the same id, and so makes the same names.
	NamesHold bool
	At        time.Time
}

// PowerShell is the plan as a script that an administrator could run by hand, in two
// parts: the access, and its removal. It stops at the first failure and before every wait,
// and a run of the whole file ends before the second part.
func (p Printed) PowerShell() string {
	w := &script{}
	p.header(w)
	connect(w, p.Making)
	p.course(w, p.Making)
	w.comment("A run of this file ends here. To take the access away, run the lines below by themselves.")
	w.line("return")
	w.gap()
	w.comment(fmt.Sprintf("To take it away, not before %s unless it is to end early.", shown(p.Grant.ExpiresAt)))
	connect(w, p.Removal)
	p.mailboxLookUps(w)
	p.course(w, p.Removal)
	return strings.Join(w.lines, "\n") + "\n"
}

// script collects lines.
type script struct {
	lines []string
}

func (s *script) line(text string)    { s.lines = append(s.lines, text) }
func (s *script) comment(text string) { s.line(comment(text)) }
func (s *script) gap()                { s.line("") }

// said writes a line of the header, for what was said at all.
func (s *script) said(title, text string) {
	if text != "" {
		s.comment(fmt.Sprintf("%-12s %s", title+":", text))
	}
}

func (p Printed) header(w *script) {
	g := p.Grant
	w.comment("A plan, printed at " + shown(p.At) + " by mailgrant. Nothing of it has been done.")
	if !p.NamesHold {
		w.comment("The names carry the id of this printing. A plan and its request have the same names when both are sent with the same Idempotency-Key.")
	}
	w.said("Grant", fmt.Sprintf("%s, by %s", g.ID, g.Mechanism))
	w.said("What", strings.Join(g.Permissions, ", "))
	w.said("On", p.scope())
	w.said("For", fmt.Sprintf("%s (application %s, enterprise application %s)", g.Workload.DisplayName, g.Workload.AppID, g.Workload.ObjectID))
	w.said("From", shown(g.StartsAt))
	w.said("Until", shown(g.ExpiresAt))
	w.said("Ticket", strings.Join(strings.Fields(strings.Join([]string{g.Ticket.System, g.Ticket.ID, g.Ticket.URL}, " ")), " "))
	w.said("Requester", g.Requester)
	w.said("Owner", g.Owner)
	w.said("Reason", g.Justification)
	w.said("Refused", strings.Join(addressesOf(g.Canaries), ", ")+" (canaries: they have to stay so)")
	w.gap()
}

// connect also makes the script stop at the first failure: what follows a policy that was
// not made would open every mailbox.
func connect(w *script, course Course) {
	w.line("$ErrorActionPreference = 'Stop'")
	w.line(call("Connect-ExchangeOnline").flag("ShowBanner", false).String())
	if slices.ContainsFunc(course.Lines, func(line Line) bool { return line.Step.Kind == grant.ConsentStep }) {
		w.line(call("Connect-MgGraph").as("Scopes", "@('Application.Read.All', 'AppRoleAssignment.ReadWrite.All')").flag("NoWelcome", true).String())
	}
	w.gap()
}

func (p Printed) course(w *script, course Course) {
	if len(course.Lines) == 0 && course.Stopped == nil {
		w.comment("Nothing is to be done.")
	}
	looked := ""
	for _, line := range course.Lines {
		w.comment(sentence(p.What(line)))
		switch line.Verb {
		case Create:
			send(w, line, p.creation(line.Step))
		case Remove:
			lookUp, removal := p.removal(line.Step)
			if lookUp != nil && lookUp.String() != looked {
				looked = lookUp.String()
				w.line(looked)
			}
			send(w, line, removal)
		case Wait:
			pause(w, line)
		case Prove:
			p.prove(w)
		case Survey:
			w.comment("Get-Mailbox -ResultSize Unlimited | Get-MailboxPermission -User " + quoted(p.Grant.Workload.ObjectID))
		}
	}
	if course.Stopped != nil {
		w.comment("STOP. As the tenant is now, this plan gets no further: " + course.Stopped.Message)
	}
	w.gap()
}

func send(w *script, line Line, made *cmdlet) {
	if made == nil {
		w.comment("No cmdlet is known here for " + string(line.Step.Kind) + ".")
		return
	}
	w.line(made.String())
}

// pause keeps a run of the whole script from passing by a wait.
func pause(w *script, line Line) {
	w.comment(fmt.Sprintf("Wait %s here (%s); planned, not before %s.", length(line.Lasts), line.Reason, shown(line.NotBefore)))
	held := call("Read-Host").text("Prompt", "Press Enter when "+length(line.Lasts)+" have passed")
	held.into = "null"
	w.line(held.String())
}

// prove asks about the grant's mailboxes and the canaries. Test-ApplicationAccessPolicy
// answers in the session's language.
func (p Printed) prove(w *script) {
	allowed, refused := "InScope True in the rows of "+strings.Join(p.roles(), ", "), "InScope False, or no row"
	switch p.Grant.Mechanism {
	case grant.MailboxPermission:
		allowed, refused = "a row with "+rightsInWords(p.Grant), "no row with FullAccess or SendAs"
	case grant.AccessPolicy:
		allowed, refused = "AccessCheckResult Granted", "AccessCheckResult Denied"
	}
	for _, mailbox := range p.Tested {
		w.comment(mailbox.Address + ": expect " + allowed + ".")
		listed(w, p.tests(mailbox, false))
	}
	for _, canary := range p.Grant.Canaries {
		w.comment(canary.Address + ", a canary: expect " + refused + ".")
		listed(w, p.tests(canary, true))
	}
}

func listed(w *script, calls []*cmdlet) {
	for _, one := range calls {
		w.line(one.String())
	}
}

func rightsInWords(g grant.Grant) string {
	var words []string
	for _, right := range access.RightsFor(g.Permissions) {
		words = append(words, string(right))
	}
	return strings.Join(words, ", and one with ")
}

// roles are the application roles of the grant's permissions.
func (p Printed) roles() []string {
	var roles []string
	for _, value := range p.Grant.Permissions {
		permission, refusal := access.Scopable(value)
		if refusal == "" {
			roles = append(roles, permission.Role)
		}
	}
	return roles
}

func sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func shown(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// length is a duration in hours and minutes.
func length(lasts time.Duration) string {
	lasts = lasts.Round(time.Minute)
	hours, minutes := int(lasts.Hours()), int(lasts.Minutes())%60
	switch {
	case hours == 0:
		return fmt.Sprintf("%d minutes", minutes)
	case minutes == 0:
		return fmt.Sprintf("%d hours", hours)
	}
	return fmt.Sprintf("%d hours and %d minutes", hours, minutes)
}
