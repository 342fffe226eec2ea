package grant

import "fmt"

// What an adoption names: identities of policies hold two GUIDs and a security identifier,
// and one batch of the ledger has to hold a step for each object.
const (
	longestIdentity = 512
	mostAdopted     = 40
)

// adoption reads what an adoption names, nil for every other request, and refuses what is
// not a request's to say there: it is read out of what exists.
func (c *checker) adoption(root node) *Adopt {
	member, given := root.members[adoptionMember]
	if given && member.kind != 't' && member.kind != 'f' {
		c.fault(member, "type", "this has to be true or false")
	}
	if !given || member.kind != 't' {
		for _, name := range []string{"assignments", "policies", "servicePrincipalId"} {
			if named, is := root.members[name]; is {
				c.fault(named, "unknownName", name+" is read by POST /api/adoptions only")
			}
		}
		return nil
	}
	for _, name := range []string{"mechanism", "permissions", "scope", "startsAt", "confineExisting", "takeOverConsents", migrationMember, nestedMember, replacesMember} {
		if named, is := root.members[name]; is {
			c.fault(named, "adoption", "an adoption begins at once and takes over what exists, as it is: leave this out")
		}
	}
	adopt := &Adopt{Assignments: c.list(root, "assignments", false, c.identity), Policies: c.list(root, "policies", false, c.identity)}
	_, byAssignment := root.members["assignments"]
	_, byPolicy := root.members["policies"]
	if byAssignment == byPolicy {
		c.fault(root, "oneOf", "exactly one of assignments and policies names what is adopted")
	}
	if count := len(adopt.Assignments) + len(adopt.Policies); count > mostAdopted {
		c.fault(root, "tooLong", fmt.Sprintf("%d objects are named; %d are taken at once", count, mostAdopted))
	}
	return adopt
}

// identity reads how Exchange calls an object.
func (c *checker) identity(n node) string { return c.line(n, longestIdentity) }

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
