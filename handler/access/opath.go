package access

import (
	"fmt"
	"slices"
	"strings"
)

// MailboxFilter is the recipient filter that matches exactly the mailboxes with
// these GUIDs (the directory objectGuid, which never changes; PowerShell reference,
// Filterable properties for the RecipientFilter parameter). It returns an error
// when a value is anything but a GUID, so that no text of a caller can ever become
// part of a filter.
func MailboxFilter(guids []string) (string, error) {
	if len(guids) == 0 {
		return "", fmt.Errorf("a recipient filter over no mailbox would be a filter over none or all: refused")
	}
	terms := make([]string, len(guids))
	for i, guid := range guids {
		if !isGUID(guid) {
			return "", fmt.Errorf("%q is not a GUID and may not stand in a recipient filter", guid)
		}
		terms[i] = "Guid -eq '" + strings.ToLower(guid) + "'"
	}
	slices.Sort(terms)
	return strings.Join(terms, " -or "), nil
}

func isGUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, r := range text {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') {
			return false
		}
		if !dash && !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return false
		}
	}
	return true
}

// FilteredMailboxes reads a recipient filter that is a plain "or" of GUID
// comparisons, however Exchange has spaced, bracketed or quoted it, and returns
// the GUIDs sorted. Any other filter is an error: it may match more.
func FilteredMailboxes(filter string) ([]string, error) {
	reader := filterReader{words: filterWords(filter)}
	guids, err := reader.alternatives()
	if err != nil {
		return nil, fmt.Errorf("reading the recipient filter %q: %w", filter, err)
	}
	if len(reader.words) > 0 {
		return nil, fmt.Errorf("reading the recipient filter %q: %q was not expected", filter, reader.words[0])
	}
	slices.Sort(guids)
	return slices.Compact(guids), nil
}

// SameMailboxes reports whether two filters match the same set of mailboxes by
// GUID; false when either cannot be read.
func SameMailboxes(a, b string) bool {
	left, err := FilteredMailboxes(a)
	if err != nil {
		return false
	}
	right, err := FilteredMailboxes(b)
	return err == nil && slices.Equal(left, right)
}

type filterReader struct {
	words []string
	depth int
}

// maxFilterDepth keeps a hostile filter from exhausting the stack.
const maxFilterDepth = 64

func (r *filterReader) alternatives() ([]string, error) {
	guids, err := r.term()
	for err == nil && r.accept("-or") {
		var more []string
		more, err = r.term()
		guids = append(guids, more...)
	}
	return guids, err
}

func (r *filterReader) term() ([]string, error) {
	if r.accept("(") {
		r.depth++
		if r.depth > maxFilterDepth {
			return nil, fmt.Errorf("nested deeper than %d brackets", maxFilterDepth)
		}
		guids, err := r.alternatives()
		if err != nil {
			return nil, err
		}
		if !r.accept(")") {
			return nil, fmt.Errorf("a bracket is not closed")
		}
		r.depth--
		return guids, nil
	}
	if !r.accept("Guid") || !r.accept("-eq") || len(r.words) == 0 {
		return nil, fmt.Errorf("only comparisons of Guid with -eq are read")
	}
	guid := unquoted(r.words[0])
	if !isGUID(guid) {
		return nil, fmt.Errorf("%s is not a GUID", r.words[0])
	}
	r.words = r.words[1:]
	return []string{strings.ToLower(guid)}, nil
}

// unquoted takes the quotes off a quoted literal. A quote that is never closed
// stays, so that such a literal is nothing that is read here.
func unquoted(word string) string {
	inner, opened := strings.CutPrefix(word, "'")
	inner, closed := strings.CutSuffix(inner, "'")
	if opened && closed {
		return inner
	}
	return word
}

func (r *filterReader) accept(word string) bool {
	if len(r.words) == 0 || !strings.EqualFold(r.words[0], word) {
		return false
	}
	r.words = r.words[1:]
	return true
}

// filterWords splits a filter at spaces and brackets; a quoted literal stays whole.
func filterWords(filter string) []string {
	var words []string
	for rest := strings.TrimSpace(filter); rest != ""; rest = strings.TrimSpace(rest) {
		size := wordSize(rest)
		words = append(words, rest[:size])
		rest = rest[size:]
	}
	return words
}

func wordSize(text string) int {
	switch text[0] {
	case '(', ')':
		return 1
	case '\'':
		end := strings.IndexByte(text[1:], '\'')
		if end < 0 {
			return len(text)
		}
		return end + 2
	}
	end := strings.IndexAny(text, " \t\r\n()'")
	if end < 0 {
		return len(text)
	}
	return end
}
