package tenant

import (
	"slices"
	"strings"
)

// Acts are the smallest things that one can do at a mailbox here, whatever the protocol. Whoever
// compares a judgement with the tenant's maps its own words to these.
const (
	ActReadBasic      = "mail.readBasic"
	ActReadBody       = "mail.readBody"
	ActWriteMail      = "mail.write"
	ActSend           = "mail.send"
	ActReadFolders    = "folders.read"
	ActWriteFolders   = "folders.write"
	ActReadSettings   = "settings.read"
	ActWriteSettings  = "settings.write"
	ActReadConfig     = "config.read"
	ActWriteConfig    = "config.write"
	ActReadTips       = "tips.read"
	ActReadCalendar   = "calendar.read"
	ActWriteCalendar  = "calendar.write"
	ActReadContacts   = "contacts.read"
	ActWriteContacts  = "contacts.write"
	ActReadItems      = "items.read"
	ActWriteItems     = "items.write"
	ActExportItems    = "items.export"
	ActImportItems    = "items.import"
	ActEverythingElse = "everything.else"
)

// actNames orders the acts; a workload's reach is one set of mailboxes for each.
var actNames = []string{
	ActReadBasic, ActReadBody, ActWriteMail, ActSend, ActReadFolders, ActWriteFolders, ActReadSettings, ActWriteSettings, ActReadConfig, ActWriteConfig,
	ActReadTips, ActReadCalendar, ActWriteCalendar, ActReadContacts, ActWriteContacts, ActReadItems, ActWriteItems, ActExportItems, ActImportItems, ActEverythingElse,
}

// actSet has one bit for each of actNames.
type actSet uint32

const everyAct = actSet(1)<<20 - 1

func actsNamed(names ...string) actSet {
	var set actSet
	for _, name := range names {
		set |= 1 << slices.Index(actNames, name)
	}
	return set
}

// conferred says what each permission lets its holder do, by the descriptions in the Microsoft Graph
// permissions reference. Items are those of every folder, mail, calendar and contacts alike.
var conferred = map[string]actSet{
	"mail.readbasic":               actsNamed(ActReadBasic),
	"mail.readbasic.all":           actsNamed(ActReadBasic),
	"mail.read":                    actsNamed(ActReadBasic, ActReadBody),
	"mail.readwrite":               actsNamed(ActReadBasic, ActReadBody, ActWriteMail),
	"mail-advanced.readwrite.all":  actsNamed(ActReadBasic, ActReadBody, ActWriteMail),
	"mail.send":                    actsNamed(ActSend),
	"mailboxsettings.read":         actsNamed(ActReadSettings),
	"mailboxsettings.readwrite":    actsNamed(ActReadSettings, ActWriteSettings),
	"mailboxconfigitem.read":       actsNamed(ActReadConfig),
	"mailboxconfigitem.readwrite":  actsNamed(ActReadConfig, ActWriteConfig),
	"mailtips.readbasic.all":       actsNamed(ActReadTips),
	"calendars.readbasic.all":      actsNamed(ActReadCalendar),
	"calendars.read":               actsNamed(ActReadCalendar),
	"calendars.readwrite":          actsNamed(ActReadCalendar, ActWriteCalendar),
	"contacts.read":                actsNamed(ActReadContacts),
	"contacts.readwrite":           actsNamed(ActReadContacts, ActWriteContacts),
	"mailboxfolder.read.all":       actsNamed(ActReadFolders),
	"mailboxfolder.readwrite.all":  actsNamed(ActReadFolders, ActWriteFolders),
	"mailboxitem.read.all":         itemActs(ActReadItems),
	"mailboxitem.readwrite.all":    itemActs(ActReadItems, ActWriteItems, ActWriteMail, ActWriteCalendar, ActWriteContacts),
	"mailboxitem.export.all":       itemActs(ActReadItems, ActExportItems),
	"mailboxitem.importexport.all": itemActs(ActReadItems, ActExportItems, ActImportItems, ActWriteItems, ActWriteMail, ActWriteCalendar, ActWriteContacts),
	"full_access_as_app":           everyAct,
	"ews.accessasapp":              everyAct,
	"smtp.sendasapp":               actsNamed(ActSend),
	"imap.accessasapp":             actsNamed(ActReadBasic, ActReadBody, ActWriteMail),
	"pop.accessasapp":              actsNamed(ActReadBasic, ActReadBody, ActWriteMail),
}

// itemActs reach items in every folder, which include mail, calendar and contacts.
func itemActs(more ...string) actSet {
	return actsNamed(append(more, ActReadBasic, ActReadBody, ActReadCalendar, ActReadContacts)...)
}

// protocols are the consents that open nothing by themselves: each needs one of these rights on the
// mailbox, given to the application's pointer (Microsoft Learn, Authenticate an IMAP, POP or SMTP
// connection using OAuth).
var protocols = map[string][]string{
	"IMAP.AccessAsApp": {fullAccess}, "POP.AccessAsApp": {fullAccess}, "SMTP.SendAsApp": {fullAccess, sendAs},
}

// actsOf is false for a permission that opens no mailbox, or is not known.
func actsOf(permission string) (actSet, bool) {
	set, known := conferred[strings.ToLower(permission)]
	return set, known
}
