package powershell

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

type kind int

const (
	end kind = iota
	newline
	word
	parameter
	text
	list
	variable
	equals
	pipe
)

type token struct {
	kind kind
	text string
	// flag is $true or $false for a parameter with its value behind a colon.
	flag  string
	items []string
	line  int
}

var (
	words      = regexp.MustCompile(`^[A-Za-z][A-Za-z]*(-[A-Za-z]+)?`)
	parameters = regexp.MustCompile(`^-([A-Za-z]+)(?::(\$true|\$false))?`)
	variables  = regexp.MustCompile(`^\$([A-Za-z]+((\.[A-Za-z]+)(\(\))?)*)`)
	characters = regexp.MustCompile(`^\[char\]([0-9]+)`)
	directive  = regexp.MustCompile(`(?i)^#requires`)
)

// scanner goes through a script from its beginning.
type scanner struct {
	rest string
	line int
}

// scan splits a script into tokens. A character that is not shown, or changes how others
// are shown, is a fault wherever it stands, comments included.
func scan(script string) ([]token, error) {
	for _, letter := range script {
		if letter != '\n' && (unicode.IsControl(letter) || unicode.In(letter, unicode.Cf, unicode.Zl, unicode.Zp)) {
			return nil, fmt.Errorf("%U is in the script", letter)
		}
	}
	s := scanner{rest: script, line: 1}
	var tokens []token
	for {
		made, err := s.token()
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", s.line, err)
		}
		made.line = s.line
		tokens = append(tokens, made)
		switch made.kind {
		case end:
			return tokens, nil
		case newline:
			s.line++
		}
	}
}

func (s *scanner) token() (token, error) {
	s.rest = strings.TrimLeft(s.rest, " ")
	if strings.HasPrefix(s.rest, "#") {
		if directive.MatchString(s.rest) {
			return token{}, fmt.Errorf("a comment is a directive")
		}
		stop := strings.IndexByte(s.rest, '\n')
		if stop < 0 {
			stop = len(s.rest)
		}
		s.rest = s.rest[stop:]
	}
	switch {
	case s.rest == "":
		return token{kind: end}, nil
	case s.skip("\n"):
		return token{kind: newline, text: "\n"}, nil
	case s.skip("|"):
		return token{kind: pipe, text: "|"}, nil
	case s.skip("= "):
		return token{kind: equals, text: "="}, nil
	case s.skip("@("):
		return s.list()
	case s.skip("("):
		return s.sum()
	case singleQuote(s.letter()):
		return s.literal()
	}
	return s.named()
}

func (s *scanner) skip(prefix string) bool {
	after, found := strings.CutPrefix(s.rest, prefix)
	s.rest = after
	return found
}

func (s *scanner) letter() rune {
	for _, letter := range s.rest {
		return letter
	}
	return 0
}

// named reads what is told by its first letters, and has to end before a blank, a line's
// end or a pipe.
func (s *scanner) named() (token, error) {
	var made token
	found := ""
	if parts := parameters.FindStringSubmatch(s.rest); parts != nil {
		found, made = parts[0], token{kind: parameter, text: parts[1], flag: parts[2]}
	} else if parts := variables.FindStringSubmatch(s.rest); parts != nil {
		found, made = parts[0], token{kind: variable, text: parts[1]}
	} else if parts := words.FindStringSubmatch(s.rest); parts != nil {
		found, made = parts[0], token{kind: word, text: parts[0]}
	}
	s.rest = s.rest[len(found):]
	if found == "" || s.rest != "" && !strings.ContainsAny(s.rest[:1], " \n") {
		return token{}, fmt.Errorf("%.20q is not understood", found+s.rest)
	}
	return made, nil
}

// singleQuote: PowerShell takes four typographic quotes for the plain one.
func singleQuote(letter rune) bool {
	switch letter {
	case '\'', 0x2018, 0x2019, 0x201a, 0x201b:
		return true
	}
	return false
}

// literal reads a text in single quotes: any of them ends it, unless another follows,
// which is then meant itself.
func (s *scanner) literal() (token, error) {
	_, size := utf8.DecodeRuneInString(s.rest)
	s.rest = s.rest[size:]
	var read strings.Builder
	for s.rest != "" {
		letter, size := utf8.DecodeRuneInString(s.rest)
		s.rest = s.rest[size:]
		switch {
		case letter == '\n':
			return token{}, fmt.Errorf("a text goes over the end of its line")
		case !singleQuote(letter):
			read.WriteRune(letter)
		case singleQuote(s.letter()):
			letter, size = utf8.DecodeRuneInString(s.rest)
			s.rest = s.rest[size:]
			read.WriteRune(letter)
		case s.rest != "" && !strings.ContainsAny(s.rest[:1], " \n),"):
			return token{}, fmt.Errorf("%.20q follows a text", s.rest)
		default:
			return token{kind: text, text: read.String()}, nil
		}
	}
	return token{}, fmt.Errorf("a text does not end")
}

// list reads texts with commas between them, up to the bracket.
func (s *scanner) list() (token, error) {
	made := token{kind: list}
	for {
		item, err := s.literalHere()
		if err != nil {
			return token{}, err
		}
		made.items = append(made.items, item)
		switch {
		case s.skip(")"):
			return made, nil
		case !s.skip(", "):
			return token{}, fmt.Errorf("%.20q is in a list", s.rest)
		}
	}
}

func (s *scanner) literalHere() (string, error) {
	if !singleQuote(s.letter()) {
		return "", fmt.Errorf("%.20q is no text", s.rest)
	}
	item, err := s.literal()
	return item.text, err
}

// sum reads texts and [char]N with plus signs between them. It has to begin with a text:
// PowerShell adds numbers to a character, and letters only to a text.
func (s *scanner) sum() (token, error) {
	first, err := s.literalHere()
	if err != nil {
		return token{}, err
	}
	units := utf16.Encode([]rune(first))
	for {
		switch {
		case s.skip(")"):
			return token{kind: text, text: string(utf16.Decode(units))}, nil
		case !s.skip(" + "):
			return token{}, fmt.Errorf("%.20q is in a sum", s.rest)
		}
		if parts := characters.FindStringSubmatch(s.rest); parts != nil {
			unit, err := strconv.ParseUint(parts[1], 10, 16)
			if err != nil {
				return token{}, fmt.Errorf("%s is no character", parts[0])
			}
			s.rest = s.rest[len(parts[0]):]
			units = append(units, uint16(unit))
			continue
		}
		more, err := s.literalHere()
		if err != nil {
			return token{}, err
		}
		units = append(units, utf16.Encode([]rune(more))...)
	}
}
