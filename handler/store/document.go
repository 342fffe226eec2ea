package store

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A string column holds 64 KiB of UTF-16, that is 32,768 units, and a row 1 MiB
// (Microsoft Learn, "Understanding the Table service data model"). Bytes of UTF-8
// are never fewer than UTF-16 units, so byte counts below are safe for both.
const (
	documentPart    = 30_000
	maxDocumentSize = 400_000
)

const (
	columnParts = "documentParts"
	columnPart  = "document"
)

// putDocument writes text as document0, document1, … and their number. Text and
// not binary, so that an operator can read the ledger in any table browser. The
// number matters after a merge, which leaves longer predecessors' columns behind.
func (c columns) putDocument(document []byte) error {
	if len(document) == 0 {
		return nil
	}
	if len(document) > maxDocumentSize {
		return fmt.Errorf("document of %d bytes, at most %d", len(document), maxDocumentSize)
	}
	if !utf8.Valid(document) {
		return errors.New("document is not UTF-8 text")
	}
	parts := 0
	for rest := document; len(rest) > 0; parts++ {
		cut := cutAt(rest, documentPart)
		c[columnPart+strconv.Itoa(parts)] = string(rest[:cut])
		rest = rest[cut:]
	}
	c[columnParts] = parts
	return nil
}

// cutAt returns the greatest length up to limit that splits no character.
func cutAt(text []byte, limit int) int {
	if len(text) <= limit {
		return len(text)
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return limit
}

// document joins what putDocument wrote; nil when there is none. A missing part
// is an error: half a document is not a document.
func (f fields) document() ([]byte, error) {
	parts, err := f.number(columnParts)
	if err != nil {
		return nil, err
	}
	if parts < 0 || parts > maxDocumentSize/documentPart+1 {
		return nil, fmt.Errorf("%d document parts", parts)
	}
	var document []byte
	for i := range parts {
		name := columnPart + strconv.Itoa(i)
		part, err := f.text(name)
		if err != nil {
			return nil, err
		}
		if part == "" {
			return nil, fmt.Errorf("column %s is missing", name)
		}
		document = append(document, part...)
	}
	return document, nil
}
