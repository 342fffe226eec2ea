package grant

// replacesMember is the member of the canonical body that names the grant whose place the
// new one takes.
const replacesMember = "replaces"

func (c *checker) replaces(root node, migrate bool) string {
	member, given := root.members[replacesMember]
	if !given {
		return ""
	}
	id := c.line(member, 64)
	switch {
	case id == "":
	case migrate:
		c.fault(member, "migration", "a migration takes the place of consents and policies that no grant has made; leave this out")
	case !IsID(id):
		c.fault(member, "grantId", "this has to be the id of a grant, twenty letters and digits")
	default:
		return id
	}
	return ""
}
