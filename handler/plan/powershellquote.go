package plan

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// quoted is a PowerShell expression for exactly this text, on one line, in which nothing
// is ever replaced: single quotes, in which no variable counts. PowerShell takes the
// typographic single quotes for plain ones (about_Quoting_Rules; its tokenizer ends a
// literal at any of them), so each is doubled. Line breaks and what changes how a line is
// shown, such as a change of writing direction, are added by their code.
func quoted(text string) string {
	var parts []string
	var literal strings.Builder
	for _, letter := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case deceives(letter):
			parts = append(parts, "'"+literal.String()+"'")
			literal.Reset()
			for _, unit := range utf16.AppendRune(nil, letter) {
				parts = append(parts, fmt.Sprintf("[char]%d", unit))
			}
		case singleQuote(letter):
			literal.WriteRune(letter)
			literal.WriteRune(letter)
		default:
			literal.WriteRune(letter)
		}
	}
	parts = append(parts, "'"+literal.String()+"'")
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " + ") + ")"
}

func singleQuote(letter rune) bool { return strings.ContainsRune("'\u2018\u2019\u201A\u201B", letter) }

// deceives: a reader, or PowerShell, may take the line for another one.
func deceives(letter rune) bool {
	return unicode.IsControl(letter) || unicode.In(letter, unicode.Cf, unicode.Zl, unicode.Zp)
}

// comment is one line of comment, whatever the text holds. The space after the sign keeps
// it from being read as a directive (about_Requires).
func comment(text string) string {
	shown := strings.Map(func(letter rune) rune {
		if deceives(letter) {
			return ' '
		}
		return letter
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.TrimRight("# "+shown, " ")
}
