package store

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

const (
	columnPartition = "PartitionKey"
	columnRow       = "RowKey"
	columnETag      = "odata.etag"
	columnSchema    = "schema"
	// columnToken holds a random value per request on rows whose single writing
	// must be recognisable after its answer was lost.
	columnToken = "writeToken"
	typeSuffix  = "@odata.type"
)

// place is where a row is.
type place struct{ table, partition, row string }

func (p place) String() string { return p.table + " " + p.partition + "/" + p.row }

// columns is a row on its way to the service. The client library's own entity
// type is not used: it doubles quotes inside stored keys and writes local times
// as if they were UTC.
type columns map[string]any

func newColumns(partition, row string) columns {
	return columns{columnPartition: partition, columnRow: row, columnSchema: Schema}
}

func (c columns) putText(name, value string) {
	if value != "" {
		c[name] = value
	}
}

// putTime writes UTC with the service's resolution of 100 ns; the zero time,
// which the service cannot hold, is written as absence.
func (c columns) putTime(name string, value time.Time) {
	if value.IsZero() {
		return
	}
	c[name] = value.UTC().Format("2006-01-02T15:04:05.0000000Z")
	c[name+typeSuffix] = "Edm.DateTime"
}

func (c columns) putBinary(name string, value []byte) {
	c[name] = base64.StdEncoding.EncodeToString(value)
	c[name+typeSuffix] = "Edm.Binary"
}

func (c columns) encoded() ([]byte, error) {
	encoded, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode the row: %w", err)
	}
	return encoded, nil
}

// fields is a row as the service sent it.
type fields map[string]json.RawMessage

// decodeFields reads one row and refuses a layout newer than this release.
func decodeFields(data []byte) (fields, error) {
	var decoded fields
	err := json.Unmarshal(data, &decoded)
	if err != nil {
		return nil, fmt.Errorf("decode the row: %w", err)
	}
	schema, err := decoded.number(columnSchema)
	if err != nil {
		return nil, err
	}
	if schema > Schema {
		return nil, errLater(schema)
	}
	if schema < 1 {
		return nil, fmt.Errorf("row has layout %d, this release reads 1 to %d", schema, Schema)
	}
	return decoded, nil
}

func (f fields) text(name string) (string, error) {
	var value string
	return value, f.into(name, &value)
}

func (f fields) number(name string) (int, error) {
	var value int
	return value, f.into(name, &value)
}

func (f fields) binary(name string) ([]byte, error) {
	var value []byte
	return value, f.into(name, &value)
}

func (f fields) time(name string) (time.Time, error) {
	text, err := f.text(name)
	if err != nil || text == "" {
		return time.Time{}, err
	}
	value, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("column %s: %w", name, err)
	}
	return value.UTC(), nil
}

// into leaves value as it is when the column is absent.
func (f fields) into(name string, value any) error {
	raw, present := f[name]
	if !present {
		return nil
	}
	err := json.Unmarshal(raw, value)
	if err != nil {
		return fmt.Errorf("column %s: %w", name, err)
	}
	return nil
}
