package access

const (
	retired = "it belongs to the retired Outlook REST API, has no application role and cannot be scoped; ask for the Microsoft Graph permission of the same name"
	blanket = "it opens every mailbox completely through Exchange Web Services, and its scoped counterpart is EWS.AccessAsApp; ask for the single Microsoft Graph permissions that are needed"
	legacy  = "there is no application role for this protocol; it needs a consent and a mailbox permission"
	// Exchange team's announcement of the end of Exchange Web Services in Exchange Online.
	endOfEWS = "Exchange Web Services is blocked tenant by tenant from 2026-10-01 (unless the tenant keeps it for the application) and is off for good from 2027-04-01; ask for Microsoft Graph permissions"
	// Microsoft's statement on SMTP with application roles is known to us at second hand only.
	onSMTP   = "the role works only while the application holds no consent to SMTP.SendAsApp, and the mailbox has to allow SMTP client submission"
	selfGive = "its holder can give itself access to every mailbox; this is never granted here"
)

// permissions is the one table of what is known: application role names, permissions
// and protocols from Microsoft Learn, Role Based Access Control for Applications in
// Exchange Online, Supported Application Roles; the permissions that policies confine
// from Microsoft Learn, Limiting application permissions to specific Exchange Online
// mailboxes. What each can do is our judgement of the descriptions in the Microsoft
// Graph permissions reference.
func permissions() []Permission {
	var table []Permission
	table = append(table, mailPermissions()...)
	table = append(table, itemPermissions()...)
	table = append(table, exchangePermissions()...)
	table = append(table, retiredPermissions()...)
	return append(table, selfGranting()...)
}

// mailPermissions are Microsoft Graph's older ones, which policies confine.
func mailPermissions() []Permission {
	return []Permission{
		onGraph("Mail.ReadBasic", readHeaders).role("Mail.ReadBasic").confined(),
		onGraph("Mail.Read", readMail).role("Mail.Read").confined(),
		onGraph("Mail.ReadWrite", readMail|writeMail).role("Mail.ReadWrite").confined(),
		onGraph("Mail.Send", sendMail).role("Mail.Send").confined(),
		onGraph("MailboxSettings.Read", readSettings).role("MailboxSettings.Read").confined(),
		onGraph("MailboxSettings.ReadWrite", readSettings|writeSettings).role("MailboxSettings.ReadWrite").confined(),
		onGraph("Calendars.Read", readCalendar).role("Calendars.Read").confined(),
		onGraph("Calendars.ReadWrite", readCalendar|writeEvents).role("Calendars.ReadWrite").confined(),
		onGraph("Contacts.Read", readContacts).role("Contacts.Read").confined(),
		onGraph("Contacts.ReadWrite", readContacts|writeContacts).role("Contacts.ReadWrite").confined(),
		onGraph("Mail.ReadBasic.All", readHeaders).instead("it has no application role of its own; ask for Mail.ReadBasic").confined(),
		onGraph("Calendars.ReadBasic.All", readFreeBusy).instead("it has no application role of its own; ask for Calendars.Read"),
	}
}

// itemPermissions are Microsoft Graph's newer ones, which policies do not confine.
func itemPermissions() []Permission {
	return []Permission{
		onGraph("MailboxFolder.Read.All", readFolders).role("MailboxFolder.Read"),
		onGraph("MailboxFolder.ReadWrite.All", readFolders|writeFolders).role("MailboxFolder.ReadWrite"),
		onGraph("MailboxItem.Read.All", readItems).role("MailboxItem.Read"),
		onGraph("MailboxItem.ReadWrite.All", readItems|writeItems).role("MailboxItem.ReadWrite"),
		onGraph("MailboxItem.Export.All", readItems|exportItems).role("MailboxItem.Export"),
		onGraph("MailboxItem.ImportExport.All", readItems|writeItems|exportItems).role("MailboxItem.ImportExport"),
		onGraph("MailboxConfigItem.Read", readConfiguration).role("MailboxConfigItem.Read"),
		onGraph("MailboxConfigItem.ReadWrite", readConfiguration|writeConfiguration).role("MailboxConfigItem.ReadWrite"),
		onGraph("MailTips.ReadBasic.All", readTips).role("MailTips.ReadBasic.All"),
		onGraph("Mail-Advanced.ReadWrite.All", readMail|writeMail|writeAdvanced).role("Mail-Advanced.ReadWrite.All"),
	}
}

// exchangePermissions are those of the protocols besides Microsoft Graph.
func exchangePermissions() []Permission {
	return []Permission{
		onExchange("full_access_as_app", OverEWS, allPowers).instead(blanket + "; " + endOfEWS).confined(),
		onExchange("EWS.AccessAsApp", OverEWS, allPowers).role("EWS.AccessAsApp").notice(endOfEWS),
		onExchange("SMTP.SendAsApp", OverSMTP, sendMail).role("SMTP.SendAsApp").notice(onSMTP).byMailbox(),
		onExchange("IMAP.AccessAsApp", OverIMAP, readMail|writeMail).instead(legacy).byMailbox(),
		onExchange("POP.AccessAsApp", OverPOP, readMail|writeMail).instead(legacy).byMailbox(),
	}
}

// retiredPermissions are Exchange's own. They have no scoped counterpart, and a
// consent to one that survives is reported and counted as access.
func retiredPermissions() []Permission {
	table := []Permission{
		onExchange("Mail.Read", OverREST, readMail),
		onExchange("Mail.ReadWrite", OverREST, readMail|writeMail),
		onExchange("Mail.Send", OverREST, sendMail),
		onExchange("Calendars.Read", OverREST, readCalendar),
		onExchange("Calendars.Read.All", OverREST, readCalendar),
		onExchange("Calendars.ReadWrite.All", OverREST, readCalendar|writeEvents),
		onExchange("Contacts.Read", OverREST, readContacts),
		onExchange("Contacts.ReadWrite", OverREST, readContacts|writeContacts),
		onExchange("MailboxSettings.Read", OverREST, readSettings),
		onExchange("MailboxSettings.ReadWrite", OverREST, readSettings|writeSettings),
	}
	for i := range table {
		table[i] = table[i].instead(retired)
	}
	return table
}

// selfGranting lists the app roles whose holder can give itself access.
func selfGranting() []Permission {
	var table []Permission
	for _, value := range []string{"AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.All", "RoleManagement.ReadWrite.Directory",
		"RoleManagement.ReadWrite.Exchange", "RoleAssignmentSchedule.ReadWrite.Directory", "RoleEligibilitySchedule.ReadWrite.Directory",
		"Application.ReadWrite.All"} {
		table = append(table, onGraph(value, allPowers).instead(selfGive))
	}
	for _, value := range []string{"Exchange.ManageAsApp", "Exchange.ManageAsAppV2"} {
		table = append(table, onExchange(value, Administration, allPowers).instead(selfGive))
		table[len(table)-1].NeedsAdministrator = true
	}
	for i := range table {
		table[i].SelfGrant, table[i].Protocol = true, Administration
	}
	return table
}

// The builders below keep one row to one line.
func onGraph(value string, powers power) Permission {
	return Permission{Resource: Graph, Value: value, Protocol: OverGraph, powers: powers, Confers: powers.capabilities()}
}

func onExchange(value string, protocol Protocol, powers power) Permission {
	return Permission{Resource: Exchange, Value: value, Protocol: protocol, powers: powers, Confers: powers.capabilities()}
}

func (p Permission) role(name string) Permission { p.Role = rolePrefix + name; return p }

func (p Permission) instead(where string) Permission { p.Instead = where; return p }

func (p Permission) notice(text string) Permission { p.Notice = text; return p }

func (p Permission) confined() Permission { p.PolicyConfined = true; return p }

func (p Permission) byMailbox() Permission { p.NeedsMailboxPermission = true; return p }
