package exchange

import "context"

// ListGroupMembers reads the direct members of a group that FindGroup returned, by its GUID: the
// whole list or an error. Members that are groups come as such and are not opened. An empty list is
// a valid answer.
//
// The cmdlet follows from the group's kind, because the one for lists answers a Microsoft 365 group
// with nothing, which is not the same as no members. A dynamic list, whose members are a filter's
// result of some time ago, and any kind that neither cmdlet is for give kind WrongType.
func (c *Client) ListGroupMembers(ctx context.Context, group Group) ([]Recipient, error) {
	asked := command{
		purpose: "list the members of a group", subject: normalGUID(group.GUID), long: true,
		parameters: map[string]any{"Identity": normalGUID(group.GUID), "ResultSize": "Unlimited"},
		columns:    memberColumns,
	}
	switch {
	case group.isDistribution():
		asked.cmdlet = "Get-DistributionGroupMember"
	case group.Type == Microsoft365Group:
		asked.cmdlet = "Get-UnifiedGroupLinks"
		asked.parameters["LinkType"] = "Members"
	default:
		asked.cmdlet = "Get-Group"
		return nil, asked.refuse(WrongType, "the members of a %q cannot be listed", group.Type)
	}
	refused := asked.checkGUID("the group's id", group.GUID)
	if refused != nil {
		return nil, refused
	}
	return c.recipients(ctx, asked)
}

// memberColumns are the same for both cmdlets.
var memberColumns = []string{
	"Guid", "ExchangeGuid", "ExternalDirectoryObjectId", "Name", "Alias", "DisplayName", "PrimarySmtpAddress", "EmailAddresses", "RecipientTypeDetails",
}
