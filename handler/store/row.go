package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// WriteProperty names the property that carries a random write id on a history
// row. At most one row of a batch bears it; see Commit and Landed.
const WriteProperty = "write"

const (
	maxProperties   = 20
	maxPropertySize = 8_000
)

// Row is one row of the ledger or work table.
type Row struct {
	Key string // row key, for example "g|id"
	// Document is UTF-8 text made and read by others, at most 400,000 bytes; nil
	// when the row has none.
	Document []byte
	// Properties are small text columns for people and filters: at most 20, names
	// of letters and digits, values up to 8,000 bytes; empty values are not stored.
	Properties map[string]string
	// ETag is the service's version of the row; "" on rows not yet read.
	ETag string
}

// propertyName tells whether a column of this name is a property: a small letter,
// then letters and digits, and none of the names that the store uses itself.
func propertyName(name string) bool {
	if name == "" || len(name) > 63 || name[0] < 'a' || name[0] > 'z' {
		return false
	}
	for _, character := range name {
		letter := character|0x20 >= 'a' && character|0x20 <= 'z'
		if !letter && (character < '0' || character > '9') {
			return false
		}
	}
	return name != columnSchema && name != columnToken && !strings.HasPrefix(name, columnPart)
}

// encodeRow checks a row and turns it into columns.
func encodeRow(partition string, row Row) (columns, error) {
	err := checkPlace(partition, row.Key)
	if err != nil {
		return nil, err
	}
	if len(row.Properties) > maxProperties {
		return nil, fmt.Errorf("%d properties, at most %d", len(row.Properties), maxProperties)
	}
	encoded := newColumns(partition, row.Key)
	for name, value := range row.Properties {
		if !propertyName(name) {
			return nil, fmt.Errorf("property name %q is not allowed", name)
		}
		if len(value) > maxPropertySize || !utf8.ValidString(value) {
			return nil, fmt.Errorf("property %s is too long or not UTF-8", name)
		}
		encoded.putText(name, value)
	}
	return encoded, encoded.putDocument(row.Document)
}

// decodeRow reads a row back. Columns that are not text, such as the service's
// own Timestamp or what a person added by hand, are left out of Properties.
func decodeRow(data []byte, etag string) (Row, error) {
	decoded, err := decodeFields(data)
	if err != nil {
		return Row{}, err
	}
	key, err := decoded.text(columnRow)
	if err != nil {
		return Row{}, err
	}
	if key == "" {
		return Row{}, errors.New("row has no key")
	}
	document, err := decoded.document()
	if err != nil {
		return Row{}, fmt.Errorf("row %s: %w", key, err)
	}
	if etag == "" {
		etag, err = decoded.text(columnETag)
	}
	return Row{Key: key, Document: document, Properties: decoded.properties(), ETag: etag}, err
}

func (f fields) properties() map[string]string {
	found := map[string]string{}
	for name, raw := range f {
		_, typed := f[name+typeSuffix]
		if typed || !propertyName(name) {
			continue
		}
		var value string
		err := json.Unmarshal(raw, &value)
		if err == nil && value != "" {
			found[name] = value
		}
	}
	return found
}
