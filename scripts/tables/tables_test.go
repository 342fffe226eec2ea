package tables

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/simulator/storage"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// rowsSaved is more than one page of the service and than one transaction.
const rowsSaved = 1101

func TestWhatIsSavedIsLoaded(t *testing.T) {
	t.Parallel()
	azurite, err := storage.StartAzurite(t.Context(), filepath.Join("..", "azurite"), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer azurite.Close()
	from, to := options(azurite.Account(0)), options(azurite.Account(1))
	fill(t, from)
	var file bytes.Buffer
	count, err := Save(t.Context(), from, &file)
	if err != nil || count != rowsSaved+1 {
		t.Fatalf("%d rows: %v", count, err)
	}
	for what, spoiled := range map[string]string{
		"cut off":        file.String()[:file.Len()-12],
		"a row lost":     file.String()[strings.Index(file.String(), "\n")+1:],
		"something more": file.String() + `{"table":"due","row":{}}`,
		"a table more":   `{"table":"other","row":{}}` + "\n" + `{"end":1}`,
		"no rows":        "hello",
	} {
		_, err := Load(t.Context(), strings.NewReader(spoiled), to)
		if err == nil || !strings.Contains(err.Error(), "of no use") {
			t.Errorf("%s: %v", what, err)
		}
	}
	count, err = Load(t.Context(), bytes.NewReader(file.Bytes()), to)
	if err != nil || count != rowsSaved+1 {
		t.Fatalf("%d rows were loaded: %v", count, err)
	}
	var again bytes.Buffer
	_, err = Save(t.Context(), to, &again)
	if err != nil || !slices.Equal(sorted(again.String()), sorted(file.String())) {
		t.Errorf("what was loaded differs from what was saved: %v", err)
	}
	_, err = Load(t.Context(), bytes.NewReader(file.Bytes()), to)
	if err == nil || !strings.Contains(err.Error(), "holds rows already") {
		t.Errorf("loaded over rows: %v", err)
	}
}

func sorted(text string) []string { return slices.Sorted(strings.Lines(text)) }

func options(account storage.Account) Options {
	return Options{ConnectionString: account.ConnectionString()}
}

// fill makes two of the tables; the others are not there, as in a new installation.
func fill(t *testing.T, account Options) {
	t.Helper()
	service, err := account.open()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ids", "ledger"} {
		_, err := service.CreateTable(context.Background(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	row := `{"PartitionKey":"w","RowKey":"","when":"2026-11-21T09:30:15.1234567Z","when@odata.type":"Edm.DateTime",` +
		`"body":"AAE=","body@odata.type":"Edm.Binary","schema":1,"document0":"{\"a\":\"<é>\"}"}`
	_, err = service.NewClient("ids").AddEntity(context.Background(), []byte(row), nil)
	if err != nil {
		t.Fatal(err)
	}
	for begin := 0; begin < rowsSaved; begin += atOnce {
		var batch []aztables.TransactionAction
		for n := begin; n < min(begin+atOnce, rowsSaved); n++ {
			entity, err := json.Marshal(map[string]any{"PartitionKey": "w", "RowKey": fmt.Sprintf("h|%05d", n), "schema": 1})
			if err != nil {
				t.Fatal(err)
			}
			batch = append(batch, aztables.TransactionAction{ActionType: aztables.TransactionTypeAdd, Entity: entity})
		}
		_, err := service.NewClient("ledger").SubmitTransaction(context.Background(), batch, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
}
