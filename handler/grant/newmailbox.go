package grant

// NewMailbox asks for the shared mailboxes of a request that do not exist yet. They are
// made before anything else, bear our name as theirs, and are kept at the end of the grant:
// nothing here ever removes a mailbox, because that destroys mail.
type NewMailbox struct {
	// DisplayName is for people; empty for the part of the address before the sign @.
	DisplayName string `json:"displayName,omitempty"`
}

// The numbers of the steps that make mailboxes: far beyond those of every mechanism, whose
// steps are laid out when the mailboxes have their ids.
const (
	FirstNewMailbox  = 90
	MostNewMailboxes = 9
)

// Unmade reports whether a mailbox that the grant makes does not exist yet, so that nothing
// else of the grant can be planned: filters hold ids only.
func (g *Grant) Unmade() bool {
	if g.NewMailbox == nil {
		return false
	}
	for _, mailbox := range g.Mailboxes {
		if mailbox.GUID == "" {
			return true
		}
	}
	return false
}

// createMember is the member of the canonical body that asks for them.
const createMember = "createMailbox"

// createMailbox reads whether mailboxes that do not exist are to be made; nil where not.
func (c *checker) createMailbox(root node, migrate bool, scope Scope) *NewMailbox {
	member, given := root.members[createMember]
	if !given || member.kind == 'f' {
		return nil
	}
	var wanted NewMailbox
	switch {
	case member.kind == 't':
	case !c.object(member, "displayName"):
		return nil
	default:
		wanted.DisplayName = c.optional(member, "displayName", longestDisplayName)
	}
	switch {
	case migrate:
		c.fault(member, "migration", "a migration keeps what is reached today, and a mailbox that does not exist is not: leave this out")
	case scope.Counted():
		c.fault(member, "scopeKind", "only mailboxes that are named by their addresses can be made")
	case wanted.DisplayName != "" && len(scope.Mailboxes) > 1:
		c.fault(member, "oneOf", "a display name is for one mailbox, and the scope names several")
	}
	return &wanted
}

// longestDisplayName is what New-Mailbox takes (PowerShell reference, parameter Name).
const longestDisplayName = 64
