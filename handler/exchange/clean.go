package exchange

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	messageLimit = 4 << 10
	headerLimit  = 512
	// inspected is how much of a text is looked at, so that a body of megabytes costs little.
	inspected = 16 * messageLimit
)

// secrets finds what must never reach a log: tokens in their compact form, and anything that is
// announced as a bearer token.
var secrets = regexp.MustCompile(`(?i)bearer\s+[\w.~+/=-]+|eyJ[\w-]{6,}(\.[\w-]*){0,2}`)

// clean makes text from the wire fit for logs: one line, printable, without tokens, at most limit
// bytes. Tokens go first, so that cutting cannot leave half of one.
func clean(text string, limit int) string {
	text = strings.ToValidUTF8(text[:min(len(text), inspected)], "")
	text = strings.Map(func(r rune) rune {
		if r == 0 {
			return -1
		}
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	text = secrets.ReplaceAllString(text, "[redacted]")
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
