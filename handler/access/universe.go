package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// universe gives every mailbox a place, by which sets name it.
type universe struct {
	mailboxes []Mailbox
	places    map[string]int
	read      bool
	why       string
	all, none set
	// columns are the values of each property that a filter asks for.
	columns map[string]*column
}

// column is one property over all mailboxes: who has which value, and of whom it is
// not known.
type column struct {
	values map[string][]int
	// sorted are the keys of values in order, for those who ask by a beginning.
	sorted []string
	unread set
	filled set
}

// newUniverse gives places in the order of the list. An address never hides a GUID, nor
// an earlier mailbox's address.
func newUniverse(mailboxes Reading[[]Mailbox]) *universe {
	u := &universe{read: mailboxes.Read, why: mailboxes.Why, places: map[string]int{}, columns: map[string]*column{}}
	if mailboxes.Read {
		u.mailboxes = mailboxes.Value
	}
	for place, mailbox := range u.mailboxes {
		u.places[strings.ToLower(mailbox.GUID)] = place
	}
	for place, mailbox := range u.mailboxes {
		address := strings.ToLower(mailbox.Address)
		_, taken := u.places[address]
		if address != "" && !taken {
			u.places[address] = place
		}
	}
	u.all, u.none = fullSet(len(u.mailboxes)), newSet(len(u.mailboxes))
	return u
}

// place finds a mailbox by GUID or address; -1 when the universe does not have it.
func (u *universe) place(id string) int {
	place, known := u.places[strings.ToLower(id)]
	if !known {
		return -1
	}
	return place
}

// everybody, nobody and anybody: all for certain, none for certain, nothing known.
func (u *universe) everybody() span { return span{u.all, u.all} }
func (u *universe) nobody() span    { return span{u.none, u.none} }
func (u *universe) anybody() span   { return span{u.none, u.all} }

// of is the span of exactly these mailboxes. Those that the universe does not have
// are left out: they are no mailboxes, or not ones that were asked about.
func (u *universe) of(ids []string) span {
	members := u.none.clone()
	for _, id := range ids {
		if place := u.place(id); place >= 0 {
			members.add(place)
		}
	}
	return span{members, members}
}

// column indexes one property, named in lower case, on its first use.
func (u *universe) column(property string) *column {
	known, made := u.columns[property]
	if made {
		return known
	}
	c := &column{values: map[string][]int{}, unread: u.none.clone(), filled: u.none.clone()}
	for place, mailbox := range u.mailboxes {
		values, read := propertyOf(mailbox, property)
		if !read {
			c.unread.add(place)
			continue
		}
		for _, value := range values {
			value = strings.ToLower(value)
			c.filled.add(place)
			holders := c.values[value]
			if len(holders) == 0 || holders[len(holders)-1] != place {
				c.values[value] = append(holders, place)
			}
		}
	}
	c.sorted = slices.Sorted(maps.Keys(c.values))
	u.columns[property] = c
	return c
}

// propertyOf is one property of a mailbox and whether it was read. The GUID is always
// known. A primary address is compared with all addresses, as Exchange does.
func propertyOf(mailbox Mailbox, property string) ([]string, bool) {
	switch property {
	case "guid":
		return []string{mailbox.GUID}, true
	case "primarysmtpaddress", "windowsemailaddress":
		property = "emailaddresses"
	}
	values, read := mailbox.Properties[property]
	if property != "emailaddresses" {
		return values, read
	}
	plain := make([]string, len(values))
	for i, value := range values {
		plain[i] = value
		if scheme, address, marked := strings.Cut(value, ":"); marked && strings.EqualFold(scheme, "smtp") {
			plain[i] = address
		}
	}
	return plain, read
}

// missing and stranger say why nothing firm is said of a mailbox.
func (u *universe) missing() string {
	return "mailboxes: " + u.why
}

func (u *universe) stranger(mailbox string) string {
	return fmt.Sprintf("mailbox %s: it is not among the mailboxes that were read", mailbox)
}
