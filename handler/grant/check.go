package grant

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// checker collects every fault of a request while it is read.
type checker struct {
	faults []Fault
}

func (c *checker) fault(at node, reason, detail string) {
	c.faults = append(c.faults, Fault{Pointer: string(at.pointer), Reason: reason, Detail: detail})
}

// object reports whether n is an object and names every member beyond the known ones.
func (c *checker) object(n node, known ...string) bool {
	if n.kind != '{' {
		c.fault(n, "type", "this has to be an object")
		return false
	}
	for _, name := range n.names {
		if !slices.Contains(known, name) {
			c.fault(n.members[name], "unknownName", "nothing of this name is known here; known are "+strings.Join(known, ", "))
		}
	}
	return true
}

func (c *checker) member(n node, name string) (node, bool) {
	member, ok := n.members[name]
	if !ok {
		c.fault(n, "missing", name+" is missing")
	}
	return member, ok
}

// list reads an array of distinct strings, each checked by item; required ones may
// not be missing, and none may be empty.
func (c *checker) list(n node, name string, required bool, item func(node) string) []string {
	member, ok := n.members[name]
	if !ok {
		if required {
			c.fault(n, "missing", name+" is missing")
		}
		return nil
	}
	if member.kind != '[' {
		c.fault(member, "type", "this has to be an array")
		return nil
	}
	if len(member.items) == 0 {
		c.fault(member, "empty", "at least one is needed")
	}
	var values []string
	for _, entry := range member.items {
		value := item(entry)
		if value != "" && slices.Contains(values, value) {
			c.fault(entry, "duplicate", "this is listed twice")
			continue
		}
		values = append(values, value)
	}
	return values
}

func (c *checker) optional(n node, name string, longest int) string {
	member, ok := n.members[name]
	if !ok {
		return ""
	}
	return c.line(member, longest)
}

// line reads one line of text: control characters are refused, because the text
// is shown in logs, tickets and pages.
func (c *checker) line(n node, longest int) string {
	if n.kind != '"' {
		c.fault(n, "type", "this has to be a string")
		return ""
	}
	switch {
	case strings.TrimSpace(n.text) == "":
		c.fault(n, "empty", "this may not be empty")
	case len(n.text) > longest:
		c.fault(n, "tooLong", fmt.Sprintf("this has %d bytes; %d are allowed", len(n.text), longest))
	case strings.IndexFunc(n.text, unprintable) >= 0:
		c.fault(n, "controlCharacter", "line breaks and other control characters are not allowed")
	default:
		return n.text
	}
	return ""
}

func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

var guidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// IsGUID reports whether text is a GUID in its usual form, without braces.
func IsGUID(text string) bool { return guidShape.MatchString(text) }

func (c *checker) guid(n node) string {
	text := c.line(n, 64)
	if text == "" {
		return ""
	}
	if !IsGUID(text) {
		c.fault(n, "guid", "this has to be a GUID such as 6233fba6-0198-4277-892f-9275bf728bcc")
		return ""
	}
	return strings.ToLower(text)
}

var permissionShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$`)

func (c *checker) permission(n node) string {
	text := c.line(n, 64)
	if text != "" && !permissionShape.MatchString(text) {
		c.fault(n, "permission", "this is no permission's name, such as Mail.Send")
		return ""
	}
	return text
}

// addressShape is narrower than RFC 5321: quoted local parts and spaces, which no
// mailbox in Exchange Online needs, are refused.
var addressShape = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

func (c *checker) mailbox(n node) string {
	text := c.line(n, 320)
	if text == "" {
		return ""
	}
	if !IsGUID(text) && !addressShape.MatchString(text) {
		c.fault(n, "mailbox", "a mailbox is named by its primary or another address, or by its GUID")
		return ""
	}
	return strings.ToLower(text)
}

func (c *checker) link(n node) string {
	text := c.line(n, 2048)
	if text == "" {
		return ""
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" {
		c.fault(n, "url", "this has to be an http or https address")
		return ""
	}
	return text
}

func (c *checker) instant(n node) time.Time {
	text := c.line(n, 64)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 2000 || at.Year() > 2200 {
		c.fault(n, "instant", "this has to be an instant such as 2026-12-01T08:00:00Z")
		return time.Time{}
	}
	return at.UTC()
}

func (c *checker) duration(n node) time.Duration {
	text := c.line(n, 64)
	if text == "" {
		return 0
	}
	length, err := ParseDuration(text)
	if err != nil {
		c.fault(n, "duration", err.Error())
	}
	return length
}

// pointerOf builds a JSON pointer from tokens.
func pointerOf(tokens ...string) string {
	var pointer jsontext.Pointer
	for _, token := range tokens {
		pointer = pointer.AppendToken(token)
	}
	return string(pointer)
}

// At is a fault at the place that the tokens name.
func At(reason, detail string, tokens ...string) Fault {
	return Fault{Pointer: pointerOf(tokens...), Reason: reason, Detail: detail}
}
