package access

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// wordKind is what a word of a filter is.
type wordKind int

const (
	plainWord wordKind = iota
	quotedWord
	operatorWord
	variableWord
	openBracket
	closeBracket
)

type word struct {
	kind   wordKind
	text   string
	offset int
}

// smartQuotes are taken for a single quote by PowerShell (PowerShell reference,
// about_Quoting_Rules). Whether Exchange's own parser does so is not documented, so
// none of them may stand in a filter.
const smartQuotes = "\u2018\u2019\u201a\u201b"

// words splits a filter. Spaces are blank, tab and line ends; no other character
// counts as one.
func words(text string) ([]word, *FilterFault) {
	var all []word
	for at := 0; at < len(text); {
		if strings.IndexByte(" \t\r\n", text[at]) >= 0 {
			at++
			continue
		}
		next, size, wrong := readWord(text, at)
		if wrong != nil {
			return nil, wrong
		}
		all = append(all, next)
		at += size
	}
	return all, nil
}

func readWord(text string, at int) (word, int, *FilterFault) {
	switch text[at] {
	case '(':
		return word{openBracket, "(", at}, 1, nil
	case ')':
		return word{closeBracket, ")", at}, 1, nil
	case '\'':
		return readQuoted(text, at)
	case '-', '$':
		return readMarked(text, at)
	}
	size := plainSize(text[at:], true)
	if size == 0 {
		r, _ := utf8.DecodeRuneInString(text[at:])
		return word{}, 0, fault(at, FilterCharacter, "%q may not stand outside single quotes", r)
	}
	return word{plainWord, text[at : at+size], at}, size, nil
}

// readMarked reads an operator or a variable: a mark and letters.
func readMarked(text string, at int) (word, int, *FilterFault) {
	size := 1 + plainSize(text[at+1:], false)
	kind := operatorWord
	if text[at] == '$' {
		kind = variableWord
	}
	return word{kind, strings.ToLower(text[at : at+size]), at}, size, nil
}

// plainSize is how many bytes of the text are of a plain word. A hyphen and a point
// belong to values such as GUIDs that Exchange shows without quotes.
func plainSize(text string, inner bool) int {
	for i := range len(text) {
		b := text[i]
		letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_'
		if !letter && (!inner || i == 0 || b != '-' && b != '.') {
			return i
		}
	}
	return len(text)
}

// readQuoted reads a value in single quotes; a quote inside it is doubled.
func readQuoted(text string, at int) (word, int, *FilterFault) {
	var value strings.Builder
	for i := at + 1; i < len(text); {
		if text[i] == '\'' {
			if i+1 == len(text) || text[i+1] != '\'' {
				return word{quotedWord, value.String(), at}, i + 1 - at, nil
			}
			i++
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if why := forbidden(r, size); why != "" {
			return word{}, 0, fault(i, FilterCharacter, "%s may not stand in a value", why)
		}
		value.WriteString(text[i : i+size])
		i += size
	}
	return word{}, 0, fault(at, FilterQuote, "the quote that opens here is never closed")
}

// forbidden says what is wrong with a character inside a value; empty when nothing is.
func forbidden(r rune, size int) string {
	switch {
	case r == utf8.RuneError && size <= 1:
		return "a byte that is no UTF-8"
	case strings.ContainsRune(smartQuotes, r):
		return "a typographic quote, which may be taken for a single quote,"
	case unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return "a control or direction character"
	}
	return ""
}
