package engine

import (
	"fmt"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

func (p proof) verified() grant.Condition {
	c := grant.Condition{Type: grant.Verified, Status: grant.Unknown}
	switch {
	case p.canary != "":
		c.Status, c.Reason, c.Message = grant.False, "CanaryAllowed", p.canary
	case len(p.denied) > 0:
		c.Status, c.Reason, c.Message = grant.False, "MailboxDenied", "refused: "+several(p.denied)
	case p.granted == 0 && len(p.unsure) == 0:
		c.Reason, c.Message = "NothingToTest", "the scope holds no mailbox, so none was asked about"
	case len(p.canaries) == 0:
		c.Reason, c.Message = "NoCanary", "no mailbox is left that would have to be refused: the operator's document needs another canary"
	case len(p.unsure) > 0:
		c.Reason, c.Message = "NotProved", several(p.unsure)
	default:
		c.Status, c.Reason, c.Message = grant.True, "AllowedAndRefused", p.whole()
	}
	return c
}

func (p proof) confined() grant.Condition {
	c := grant.Condition{Type: grant.Confined, Status: grant.Unknown}
	wide := access.Defeating(p.paths)
	switch {
	case len(wide) > 0:
		c.Status, c.Reason, c.Message = grant.False, "OtherPath", sentences(wide)
	case p.slid != "":
		c.Status, c.Reason, c.Message = grant.False, "ScopeGrown", p.slid
	case len(p.unread) > 0:
		c.Reason, c.Message = "NotRead", strings.Join(p.unread, "; ")
	case len(p.paths) > 0:
		c.Reason, c.Message = otherPathReason(p.paths), sentences(p.paths)+"; what it reaches is told by GET /api/access"
	default:
		c.Status, c.Reason, c.Message = grant.True, "NoOtherPath", "no other consent, role assignment, mailbox permission or administrator's role opens what this grant opens"
	}
	return c
}

func sentences(paths []access.Path) string {
	texts := make([]string, len(paths))
	for i, path := range paths {
		texts[i] = path.String()
	}
	return several(texts)
}

// mostNamed is how many findings a message spells out: a grant with fifty mailboxes and
// ten permissions can have a thousand, and its row has to stay writable.
const mostNamed = 10

func several(texts []string) string {
	if len(texts) <= mostNamed {
		return strings.Join(texts, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(texts[:mostNamed], "; "), len(texts)-mostNamed)
}

// whole says about how many mailboxes the tenant was asked.
func (p proof) whole() string {
	asked := "every mailbox"
	if p.granted < p.total {
		asked = fmt.Sprintf("each of %d mailboxes, drawn from %d,", p.granted, p.total)
	}
	return asked + " was allowed and every canary refused by " + p.means
}

// otherPathReason names what kind of path is left that defeats no scope.
func otherPathReason(paths []access.Path) string {
	reason := grant.ForeignAssignment
	for _, path := range paths {
		switch path.Kind {
		case access.ByConsent:
			return grant.ConfinedConsent
		case access.ByMailboxPermission:
			reason = grant.ForeignMailboxPermission
		}
	}
	return reason
}
