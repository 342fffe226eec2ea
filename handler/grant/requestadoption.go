package grant

import (
	"fmt"
	"slices"
)

// What an adoption names: identities of policies hold two GUIDs and a security identifier,
// and one batch of the ledger has to hold a step for each object.
const (
	longestIdentity = 512
	mostAdopted     = 40
)

// rightsMember lists rights on mailboxes.
const rightsMember = "mailboxPermissions"

// adoption reads what an adoption names, nil for every other request, and refuses what is
// not a request's to say there: it is read out of what exists.
func (c *checker) adoption(root node) *Adopt {
	member, asked := root.members[adoptionMember]
	if asked && member.kind != 't' && member.kind != 'f' {
		c.fault(member, "type", "this has to be true or false")
	}
	if !asked || member.kind != 't' {
		for _, name := range []string{"assignments", "policies", rightsMember, "servicePrincipalId"} {
			if named, is := root.members[name]; is {
				c.fault(named, "unknownName", name+" is read by POST /api/adoptions only")
			}
		}
		return nil
	}
	for _, name := range []string{"mechanism", "scope", "startsAt", "confineExisting", "takeOverConsents", migrationMember, nestedMember, replacesMember} {
		if named, is := root.members[name]; is {
			c.fault(named, "adoption", "an adoption begins at once and takes over what exists, as it is: leave this out")
		}
	}
	adopt := &Adopt{Assignments: c.list(root, "assignments", false, c.identity), Policies: c.list(root, "policies", false, c.identity),
		MailboxPermissions: c.adoptedRights(root)}
	given := 0
	for _, name := range []string{"assignments", "policies", rightsMember} {
		if _, is := root.members[name]; is {
			given++
		}
	}
	if given != 1 {
		c.fault(root, "oneOf", "exactly one of assignments, policies and "+rightsMember+" names what is adopted")
	}
	if count := len(adopt.Assignments) + len(adopt.Policies) + len(adopt.MailboxPermissions); count > mostAdopted {
		c.fault(root, "tooLong", fmt.Sprintf("%d objects are named; %d are taken at once", count, mostAdopted))
	}
	_, byRight := root.members[rightsMember]
	permissions, named := root.members["permissions"]
	switch {
	case byRight:
		adopt.Permissions = c.list(root, "permissions", true, c.permission)
	case named:
		c.fault(permissions, "adoption", "the permissions of an adoption are read out of what exists: leave this out")
	}
	return adopt
}

// identity reads how Exchange calls an object.
func (c *checker) identity(n node) string { return c.line(n, longestIdentity) }

// adoptedRights reads rights on mailboxes. Exchange lists them mailbox by mailbox and not by
// who holds them, so that each is named.
func (c *checker) adoptedRights(root node) []AdoptedRight {
	member, given := root.members[rightsMember]
	switch {
	case !given:
		return nil
	case member.kind != '[':
		c.fault(member, "type", "this has to be an array")
	case len(member.items) == 0:
		c.fault(member, "empty", "at least one is needed")
	}
	var rights []AdoptedRight
	for _, entry := range member.items {
		if !c.object(entry, "mailbox", "right") {
			continue
		}
		var one AdoptedRight
		mailbox, named := c.member(entry, "mailbox")
		if named {
			one.Mailbox = c.mailbox(mailbox)
		}
		right, named := c.member(entry, "right")
		if named {
			one.Right = c.right(right)
		}
		if slices.Contains(rights, one) && one.Mailbox != "" && one.Right != "" {
			c.fault(entry, "duplicate", "this is listed twice")
			continue
		}
		rights = append(rights, one)
	}
	return rights
}

// right reads one of the rights by which a mailbox is opened, or sent from.
func (c *checker) right(n node) string {
	text := c.line(n, longestName)
	if text != "" && text != "FullAccess" && text != "SendAs" {
		c.fault(n, "right", "this is neither FullAccess nor SendAs; no other right opens a mailbox to an application")
		return ""
	}
	return text
}

// adoptedWorkload reads the workload of an adoption, by either of its ids.
func (c *checker) adoptedWorkload(root node) (string, string) {
	appID, byApp := root.members["appId"]
	objectID, byObject := root.members["servicePrincipalId"]
	long, spelled := root.members["workload"]
	switch {
	case spelled && (byApp || byObject), byApp && byObject:
		c.fault(root, "oneOf", "exactly one of appId, servicePrincipalId and workload names the workload")
		return "", ""
	case spelled:
		return c.workloadOf(long)
	case byObject:
		return "", c.guid(objectID)
	case byApp:
		return c.guid(appID), ""
	}
	c.fault(root, "missing", "appId or servicePrincipalId is missing")
	return "", ""
}
