package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"mailgrant/scripts/leaving"
	"mailgrant/scripts/tables"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/rogpeppe/go-internal/testscript"
)

// allTables are the tables of an installation.
var allTables = [...]string{"ledger", "ids", "work", "due"}

// tables save FILE keeps the tables as scripts/backup does. tables restore FILE loses them
// and loads the file in their place. tables upgrade NAME loads those of testdata/layout that an
// earlier release has left, as if that had been a moment ago.
func cmdTables(s *story, ts *testscript.TestScript, args []string) error {
	ctx := context.Background()
	account := tables.Options{ConnectionString: s.ledger.ConnectionString()}
	switch args[0] {
	case "save":
		var file bytes.Buffer
		_, err := tables.Save(ctx, account, &file)
		return errors.Join(err, os.WriteFile(ts.MkAbs(args[1]), file.Bytes(), 0o600))
	case "restore":
		err := s.loseTables(ctx)
		if err != nil {
			return err
		}
		text := ts.ReadFile(args[1])
		if len(args) > 2 {
			text = without(text, args[3])
		}
		_, err = tables.Load(ctx, strings.NewReader(text), account)
		return err
	case "upgrade":
		return s.loadLayout(ctx, args[1], account)
	}
	return fmt.Errorf("tables does not know %q", args[0])
}

// without leaves a table's rows out of a file.
func without(text, table string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.Contains(line, `"table":"`+table+`"`) && !strings.Contains(line, `{"end":`) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "") + fmt.Sprintf(`{"end":%d}`, len(kept))
}

// layoutMoment is when the files of testdata/layout were made.
var layoutMoment = time.Date(2026, 11, 21, 13, 48, 59, 0, time.UTC)

func (s *story) loadLayout(ctx context.Context, name string, account tables.Options) error {
	text, err := os.ReadFile(filepath.Join("testdata", "layout", name))
	if err != nil {
		return err
	}
	err = s.loseTables(ctx)
	if err != nil {
		return err
	}
	_, err = tables.Load(ctx, strings.NewReader(shifted(string(text), layoutMoment, s.stack.Tenant.Now())), account)
	return err
}

// loseTables deletes all rows.
func (s *story) loseTables(ctx context.Context) error {
	return s.eachRow(ctx, func(client *aztables.Client, row aztables.Entity) error {
		_, err := client.DeleteEntity(ctx, row.PartitionKey, row.RowKey, nil)
		return err
	})
}

// eachRow goes through the rows of all tables by their keys.
func (s *story) eachRow(ctx context.Context, do func(*aztables.Client, aztables.Entity) error) error {
	service, err := aztables.NewServiceClientFromConnectionString(strings.TrimRight(s.ledger.ConnectionString(), ";"), nil)
	if err != nil {
		return err
	}
	for _, name := range allTables {
		client := service.NewClient(name)
		for pager := client.NewListEntitiesPager(nil); pager.More(); {
			page, err := pager.NextPage(ctx)
			var answer *azcore.ResponseError
			if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
				break
			}
			if err != nil {
				return err
			}
			for _, data := range page.Entities {
				var row aztables.Entity
				err := json.Unmarshal(data, &row)
				if err == nil {
					err = do(client, row)
				}
				if err != nil {
					return fmt.Errorf("table %s: %w", name, err)
				}
			}
		}
	}
	return nil
}

// timesIn are the times in rows: as columns and documents have them, and as row keys do.
var timesIn = regexp.MustCompile(`\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d|\d{8}T\d{6}\.)`)

// shifted moves every time of a file of tables as far as its own moment is from now, so that
// a file that was made long ago tells of grants that are live.
func shifted(text string, moment, now time.Time) string {
	by := now.Sub(moment).Truncate(time.Second)
	return timesIn.ReplaceAllStringFunc(text, func(found string) string {
		for _, layout := range []string{"2006-01-02T15:04:05", "20060102T150405."} {
			at, err := time.Parse(layout, found)
			if err == nil {
				return at.Add(by).Format(layout)
			}
		}
		return found
	})
}

// leave NOTHING hands every grant back as scripts/leave does, and checks whether nothing is
// left: yes or no.
func cmdLeave(s *story, ts *testscript.TestScript, args []string) error {
	service := leaving.Service{Base: s.stack.Host.URL(), Key: s.stack.Host.FunctionKey(), HTTP: http.DefaultClient}
	left, err := leaving.Leave(context.Background(), service, "carol@contoso.example")
	if err == nil && left.Nothing() != (args[0] == "yes") {
		err = fmt.Errorf("left are %+v", left)
	}
	return err
}
