package tables

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// atOnce is how many rows one transaction takes (Microsoft Learn, Performing entity group
// transactions), and mostBytes is well below its four mebibytes.
const (
	atOnce    = 100
	mostBytes = 2 << 20
)

// Load fills the four tables with a file's rows and returns how many they are. It reads the
// whole file first, and changes nothing if that has a fault or a table holds a row already:
// two ledgers that are mixed cannot be told apart any more. After an error on the way, empty
// the tables and load again.
func Load(ctx context.Context, from io.Reader, to Options) (int, error) {
	rows, count, err := read(from)
	if err != nil {
		return 0, fmt.Errorf("the file is of no use: %w", err)
	}
	for name := range rows {
		if !slices.Contains(names[:], name) {
			return 0, fmt.Errorf("the file is of no use: it has a table %q", name)
		}
	}
	service, err := to.open()
	if err != nil {
		return 0, fmt.Errorf("opening the storage account: %w", err)
	}
	for _, name := range names {
		err := emptyTable(ctx, service, name)
		if err != nil {
			return 0, err
		}
	}
	for _, name := range names {
		err := loadTable(ctx, service.NewClient(name), rows[name])
		if err != nil {
			return 0, fmt.Errorf("filling the table %s: %w", name, err)
		}
	}
	return count, nil
}

// emptyTable makes the table where it is missing. The error says that it holds rows.
func emptyTable(ctx context.Context, service *aztables.ServiceClient, name string) error {
	_, err := service.CreateTable(ctx, name, nil)
	var answer *azcore.ResponseError
	if err != nil && !(errors.As(err, &answer) && answer.StatusCode == http.StatusConflict) {
		return fmt.Errorf("making the table %s: %w", name, err)
	}
	one := int32(1)
	page, err := service.NewClient(name).NewListEntitiesPager(&aztables.ListEntitiesOptions{Top: &one}).NextPage(ctx)
	if err != nil {
		return fmt.Errorf("looking into the table %s: %w", name, err)
	}
	if len(page.Entities) > 0 {
		return fmt.Errorf("the table %s holds rows already: load into an account without them", name)
	}
	return nil
}

func loadTable(ctx context.Context, client *aztables.Client, rows []json.RawMessage) error {
	var batch []aztables.TransactionAction
	last, size := "", 0
	submit := func() error {
		if len(batch) == 0 {
			return nil
		}
		_, err := client.SubmitTransaction(ctx, batch, nil)
		batch, size = nil, 0
		return err
	}
	for _, row := range rows {
		var key struct{ PartitionKey string }
		err := json.Unmarshal(row, &key)
		if err != nil {
			return fmt.Errorf("reading a row: %w", err)
		}
		if key.PartitionKey != last || len(batch) == atOnce || size+len(row) > mostBytes {
			err := submit()
			if err != nil {
				return fmt.Errorf("partition %s: %w", last, err)
			}
		}
		last, size = key.PartitionKey, size+len(row)
		batch = append(batch, aztables.TransactionAction{ActionType: aztables.TransactionTypeInsertReplace, Entity: row})
	}
	err := submit()
	if err != nil {
		return fmt.Errorf("partition %s: %w", last, err)
	}
	return nil
}
