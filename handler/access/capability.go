// Package access judges who reaches which mailbox with what: it takes facts that
// were read from the tenant and answers with paths. What was not read is unknown,
// and unknown is never green.
//
// It is pure: no I/O, no clock. It must not decide what to do about what it finds.
package access

import "slices"

// Capability is what a permission lets one do to a mailbox. Overlap is judged by
// capability and not by a permission's name, because many names open the same thing.
type Capability string

// The capabilities. Full stands for all of them.
const (
	ReadMeta Capability = "read-meta"
	ReadBody Capability = "read-body"
	Write    Capability = "write"
	Send     Capability = "send"
	Settings Capability = "settings"
	Calendar Capability = "calendar"
	Contacts Capability = "contacts"
	Export   Capability = "export"
	Full     Capability = "full"
)

// Overlap returns the capabilities that both sets give, in the first set's order;
// Full overlaps with everything.
func Overlap(a, b []Capability) []Capability {
	if slices.Contains(b, Full) {
		return a
	}
	if slices.Contains(a, Full) {
		return b
	}
	var both []Capability
	for _, capability := range a {
		if slices.Contains(b, capability) {
			both = append(both, capability)
		}
	}
	return both
}

// power is a set of finer abilities than capabilities are. Capabilities say what
// overlaps, and there one word for a calendar is right; but reading a calendar does
// not include writing it, and whether one permission includes another is judged by
// these.
type power uint32

const (
	readHeaders power = 1 << iota
	readBodies
	writeMail
	sendMail
	readSettings
	writeSettings
	readFreeBusy
	readEvents
	writeEvents
	readContacts
	writeContacts
	exportItems
	readFolders
	writeFolders
	readConfiguration
	writeConfiguration
	readTips
	writeAdvanced
	readOthers
	writeOthers
	allPowers power = 1<<iota - 1
)

// The powers that are asked for together.
const (
	readMail     = readHeaders | readBodies
	readCalendar = readFreeBusy | readEvents
	// Items are those of every folder: tasks and notes are none of mail, calendar or
	// contacts.
	readItems  = readMail | readCalendar | readContacts | readOthers
	writeItems = writeMail | writeEvents | writeContacts | writeOthers
)

// includes reports whether p can do everything that other can.
func (p power) includes(other power) bool { return p&other == other }

// capabilities says in the words of the product what the powers amount to, always in
// the same order; Full alone when there is nothing that they cannot do.
func (p power) capabilities() []Capability {
	if p == allPowers {
		return []Capability{Full}
	}
	var all []Capability
	for _, each := range capabilityPowers {
		if p&each.powers != 0 {
			all = append(all, each.capability)
		}
	}
	return all
}

// capabilityPowers is constant: which powers stand behind a capability. A power may
// stand behind two, because to write a folder is to see its name.
var capabilityPowers = []struct {
	capability Capability
	powers     power
}{
	{ReadMeta, readHeaders | readFolders | writeFolders},
	{ReadBody, readBodies | readOthers},
	{Write, writeMail | writeFolders | writeAdvanced | writeOthers},
	{Send, sendMail},
	{Settings, readSettings | writeSettings | readConfiguration | writeConfiguration | readTips},
	{Calendar, readFreeBusy | readEvents | writeEvents},
	{Contacts, readContacts | writeContacts},
	{Export, exportItems},
}
