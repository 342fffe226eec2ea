// Package tables copies an installation's four tables into a file and back.
//
// It moves rows as the service returns them and must not know what they mean; nor may it
// change any: what a row lacks after a restore is the handler's to find out.
package tables

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// names are in the order in which they are saved while the handler may be at work: a grant
// in the ledger is reached by its row in ids, so ids has to be the younger of the two. What
// due lacks by then, the handler writes anew after a restore.
var names = [...]string{"ledger", "ids", "work", "due"}

// line is one row of a file. The last line has End alone: how many rows come before it.
type line struct {
	Table string          `json:"table,omitempty"`
	Row   json.RawMessage `json:"row,omitempty"`
	End   *int            `json:"end,omitempty"`
}

// Options says whose tables they are: either ConnectionString, or Endpoint and Credential.
type Options struct {
	ConnectionString string
	// Endpoint is the table service's, for example https://account.table.core.windows.net.
	Endpoint   string
	Credential azcore.TokenCredential
	// Transport sends the requests; nil means the client library's own.
	Transport policy.Transporter
}

func (o Options) open() (*aztables.ServiceClient, error) {
	options := &aztables.ClientOptions{ClientOptions: policy.ClientOptions{Transport: o.Transport}}
	if o.ConnectionString != "" {
		return aztables.NewServiceClientFromConnectionString(strings.TrimRight(o.ConnectionString, ";"), options)
	}
	return aztables.NewServiceClient(o.Endpoint, o.Credential, options)
}

// Save writes every row of the four tables and returns how many they are. A table that is
// not there has none. The file is of use only if Save returns no error.
func Save(ctx context.Context, from Options, to io.Writer) (int, error) {
	service, err := from.open()
	if err != nil {
		return 0, fmt.Errorf("opening the storage account: %w", err)
	}
	out := json.NewEncoder(to)
	out.SetEscapeHTML(false)
	count := 0
	for _, name := range names {
		saved, err := saveTable(ctx, service.NewClient(name), name, out)
		if err != nil {
			return count, fmt.Errorf("saving the table %s: %w", name, err)
		}
		count += saved
	}
	err = out.Encode(line{End: &count})
	if err != nil {
		return count, fmt.Errorf("writing the end of the file: %w", err)
	}
	return count, nil
}

func saveTable(ctx context.Context, client *aztables.Client, name string, out *json.Encoder) (int, error) {
	count := 0
	for pager := client.NewListEntitiesPager(nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if missing(err) {
			return count, nil
		}
		if err != nil {
			return count, err
		}
		for _, entity := range page.Entities {
			row, err := stored(entity)
			if err != nil {
				return count, err
			}
			err = out.Encode(line{Table: name, Row: row})
			if err != nil {
				return count, err
			}
			count++
		}
	}
	return count, nil
}

func missing(err error) bool {
	var answer *azcore.ResponseError
	return errors.As(err, &answer) && answer.ErrorCode == string(aztables.TableNotFound)
}

// stored leaves out what the service itself adds to a row.
func stored(entity []byte) (json.RawMessage, error) {
	var columns map[string]json.RawMessage
	err := json.Unmarshal(entity, &columns)
	if err != nil {
		return nil, fmt.Errorf("reading a row: %w", err)
	}
	for column := range columns {
		if strings.HasPrefix(column, "odata.") || column == "Timestamp" || strings.HasPrefix(column, "Timestamp@") {
			delete(columns, column)
		}
	}
	return json.Marshal(columns)
}

// longestLine is more than the service takes as one row, written as JSON.
const longestLine = 8 << 20

// read reads a whole file, by table. The error says where it is cut off or was changed.
func read(from io.Reader) (map[string][]json.RawMessage, int, error) {
	rows, count, ended := map[string][]json.RawMessage{}, 0, false
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		var one line
		err := json.Unmarshal(lines.Bytes(), &one)
		switch {
		case err != nil:
			return nil, 0, fmt.Errorf("row %d cannot be read: %w", count+1, err)
		case ended:
			return nil, 0, errors.New("something follows the end")
		case one.End != nil:
			if *one.End != count {
				return nil, 0, fmt.Errorf("%d rows are there and %d were saved", count, *one.End)
			}
			ended = true
			continue
		}
		rows[one.Table] = append(rows[one.Table], one.Row)
		count++
	}
	err := lines.Err()
	if err != nil {
		return nil, 0, fmt.Errorf("reading row %d: %w", count+1, err)
	}
	if !ended {
		return nil, 0, fmt.Errorf("it is cut off after %d rows", count)
	}
	return rows, count, nil
}
