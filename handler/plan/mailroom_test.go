package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

const thirdGUID = "44444444-4444-4444-8444-444444444444"

// mailroom is Entra and Exchange as far as mailbox permissions can tell. A consent acts for
// as long as a token that was minted under it may live, and a permission for as long as the
// data plane may go by an older list.
type mailroom struct {
	now     time.Time
	pointer bool
	// rights are the workload's by the names of their steps; without a pointer they are of
	// nobody.
	rights   map[string]bool
	consents map[string]bool
	// taken is until when the data plane may go by a right that was taken away.
	taken map[string]time.Time
	// tokens is until when a token may live that was minted under a consent, by permission.
	tokens map[string]time.Time
	late   []lateWrite
	// landed is called after every write that took effect.
	landed func(what string)
}

func newMailroom() *mailroom {
	return &mailroom{now: noon(), rights: map[string]bool{}, taken: map[string]time.Time{}, consents: map[string]bool{}, tokens: map[string]time.Time{}, landed: func(string) {}}
}

// copied is what stands now, without what is on its way.
func (m *mailroom) copied() *mailroom {
	return &mailroom{now: m.now, pointer: m.pointer, rights: maps.Clone(m.rights), consents: maps.Clone(m.consents), tokens: maps.Clone(m.tokens)}
}

// opened are the permissions by which the mailbox is open, with a consent or with a token
// that may live.
func (m *mailroom) opened(mailbox string) []string {
	var opened []string
	for _, value := range []string{"IMAP.AccessAsApp", "POP.AccessAsApp", "SMTP.SendAsApp"} {
		if (m.consents[value] || m.now.Before(m.tokens[value])) && m.mayOpen(mailbox, value) {
			opened = append(opened, value)
		}
	}
	return opened
}

// mayOpen reports whether a right on the mailbox opens it to a consent to the permission.
func (m *mailroom) mayOpen(mailbox, value string) bool {
	for _, right := range []access.MailboxRight{access.FullAccess, access.SendAs} {
		name := mailbox + "/" + string(right)
		if m.pointer && (m.rights[name] || m.now.Before(m.taken[name])) && access.Opens(right, value) {
			return true
		}
	}
	return false
}

func (m *mailroom) pass(to time.Time) {
	slices.SortStableFunc(m.late, func(a, b lateWrite) int { return a.at.Compare(b.at) })
	for len(m.late) > 0 && !m.late[0].at.After(to) {
		m.now = m.late[0].at
		m.late[0].write()
		m.late = m.late[1:]
	}
	m.now = to
}

// act does one write; false where the tenant refuses it. To give a permission that is there
// is no fault, nor to take away one that is not.
func (m *mailroom) act(verb plan.Verb, step grant.Step) bool {
	done := false
	switch {
	case step.Kind == grant.PointerStep:
		done = m.pointer != (verb == plan.Create)
		m.pointer = verb == plan.Create
		if done {
			clear(m.taken) // what named the old pointer names nobody
		}
	case step.Kind == grant.ConsentStep:
		done = m.consents[step.Permission] != (verb == plan.Create)
		if done && verb == plan.Remove {
			m.tokens[step.Permission] = m.now.Add(grant.TokensLive)
		}
		set(m.consents, step.Permission, verb == plan.Create)
	case m.pointer:
		done = true
		if m.rights[step.Name] && verb == plan.Remove {
			m.taken[step.Name] = m.now.Add(grant.Lead)
		}
		set(m.rights, step.Name, verb == plan.Create)
	}
	m.landed(fmt.Sprintf("%s %s %s", verb, step.Kind, step.Name))
	return done
}

func set(all map[string]bool, name string, there bool) {
	delete(all, name)
	if there {
		all[name] = true
	}
}

// facts is what a reader of everything sees now.
func (m *mailroom) facts() access.Facts {
	facts := access.Facts{Consents: access.Known[[]access.Consent](nil), Assignments: access.Known[[]access.Assignment](nil), Pointer: access.Known[*access.Pointer](nil)}
	if m.pointer {
		facts.Pointer = access.Known(&access.Pointer{ObjectID: objectID, AppID: appID, ID: objectID})
	}
	for _, value := range slices.Sorted(maps.Keys(m.consents)) {
		facts.Consents.Value = append(facts.Consents.Value, access.Consent{ID: "id of " + value, Resource: access.Exchange, Value: value})
	}
	return facts
}

// held are the workload's rights on these mailboxes.
func (m *mailroom) held(mailboxes []grant.Mailbox) []access.MailboxPermission {
	var held []access.MailboxPermission
	for _, name := range slices.Sorted(maps.Keys(m.rights)) {
		mailbox, right, _ := strings.Cut(name, "/")
		asked := slices.ContainsFunc(mailboxes, func(one grant.Mailbox) bool { return one.GUID == mailbox })
		if m.pointer && asked {
			held = append(held, access.MailboxPermission{Workload: objectID, Mailbox: strings.ToUpper(mailbox), Right: access.MailboxRight(right)})
		}
	}
	return held
}
