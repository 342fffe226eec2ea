package store

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// entity is one row as read: its JSON and its version.
type entity struct {
	data []byte
	etag string
}

func (s *Store) readEntity(ctx context.Context, at place) (entity, error) {
	var found entity
	err := s.read(ctx, subject{"read", at.String()}, func(ctx context.Context) error {
		answer, err := s.tables.NewClient(at.table).GetEntity(ctx, at.partition, at.row, nil)
		found = entity{answer.Value, string(answer.ETag)}
		return err
	})
	return found, err
}

// insertEntity sends an insert once. When its answer is lost it looks for its own
// token on the row: found is success, another's row is KindExists, and absence
// stays KindLost, because the insert may still arrive.
func (s *Store) insertEntity(ctx context.Context, at place, row columns) error {
	token := rand.Text()
	row[columnToken] = token
	encoded, err := row.encoded()
	if err != nil {
		return invalid("insert", at.String(), err)
	}
	err = s.writeOnce(ctx, subject{"insert", at.String()}, func(ctx context.Context) error {
		_, err := s.tables.NewClient(at.table).AddEntity(ctx, encoded, nil)
		return err
	})
	kind := KindOf(err)
	if kind != KindLost && kind != KindExists {
		return err
	}
	written, readErr := s.tokenAt(ctx, at)
	switch {
	case readErr != nil:
		return err
	case written == token:
		return nil
	case kind == KindLost:
		return &Error{Operation: "insert", Subject: at.String(), Kind: KindExists, Err: err}
	}
	return err
}

// tokenAt reads the token of whoever wrote the row last.
func (s *Store) tokenAt(ctx context.Context, at place) (string, error) {
	found, err := s.readEntity(ctx, at)
	if err != nil {
		return "", err
	}
	decoded, err := decodeFields(found.data)
	if err != nil {
		return "", invalid("read", at.String(), err)
	}
	token, err := decoded.text(columnToken)
	if err != nil {
		return "", invalid("read", at.String(), err)
	}
	return token, nil
}

// writeEntity replaces or creates a row. With an ETag the row must still bear
// it, and the write is sent once, since its second sending would conflict.
func (s *Store) writeEntity(ctx context.Context, at place, row columns, etag string) error {
	encoded, err := row.encoded()
	if err != nil {
		return invalid("write", at.String(), err)
	}
	client, subject := s.tables.NewClient(at.table), subject{"write", at.String()}
	if etag == "" {
		return s.writeRepeatable(ctx, subject, func(ctx context.Context) error {
			_, err := client.UpsertEntity(ctx, encoded, &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
			return err
		})
	}
	return s.writeOnce(ctx, subject, func(ctx context.Context) error {
		_, err := client.UpdateEntity(ctx, encoded, updateOptions(aztables.UpdateModeReplace, etag))
		return err
	})
}

func updateOptions(mode aztables.UpdateMode, etag string) *aztables.UpdateEntityOptions {
	version := azcore.ETag(etag)
	return &aztables.UpdateEntityOptions{IfMatch: &version, UpdateMode: mode}
}

// deleteEntity removes a row whatever its version; absent is success.
func (s *Store) deleteEntity(ctx context.Context, at place) error {
	err := s.writeRepeatable(ctx, subject{"delete", at.String()}, func(ctx context.Context) error {
		_, err := s.tables.NewClient(at.table).DeleteEntity(ctx, at.partition, at.row, nil)
		return err
	})
	if KindOf(err) == KindNotFound {
		return nil
	}
	return err
}

// query is a filter over one table and what to fetch of it.
type query struct {
	table, filter, columns string
	limit                  int // rows wanted; 0 means all
}

// queryAll follows every continuation until the limit is met or the table ends;
// a page may be short or empty and still not be the last. It returns the number
// of pages beside the rows, since only a single page is one consistent view
// (Microsoft Learn, "Performing entity group transactions").
func (s *Store) queryAll(ctx context.Context, q query) ([][]byte, int, error) {
	// Only full metadata promises the ETag of each row.
	format := aztables.MetadataFormatFull
	options := &aztables.ListEntitiesOptions{Filter: &q.filter, Format: &format}
	if q.columns != "" {
		options.Select = &q.columns
	}
	var rows [][]byte
	for pages := 1; ; pages++ {
		setTop(options, q.limit, len(rows))
		page, err := s.queryPage(ctx, q.table, options)
		if err != nil {
			return nil, pages, err
		}
		rows = append(rows, page.Entities...)
		options.NextPartitionKey, options.NextRowKey = page.NextPartitionKey, page.NextRowKey
		if absent(page.NextPartitionKey) && absent(page.NextRowKey) || q.limit > 0 && len(rows) >= q.limit {
			return rows, pages, nil
		}
	}
}

func (s *Store) queryPage(ctx context.Context, table string, options *aztables.ListEntitiesOptions) (aztables.ListEntitiesResponse, error) {
	var page aztables.ListEntitiesResponse
	err := s.read(ctx, subject{"query", table}, func(ctx context.Context) error {
		var err error
		page, err = s.tables.NewClient(table).NewListEntitiesPager(options).NextPage(ctx)
		return err
	})
	// A query finds nothing by an empty list; a not-found is not about a row.
	var failure *Error
	if errors.As(err, &failure) && failure.Kind == KindNotFound {
		failure.Kind = KindUnavailable
	}
	return page, err
}

// setTop asks for no more than is missing; 1,000 is the service's longest page.
func setTop(options *aztables.ListEntitiesOptions, limit, have int) {
	if limit == 0 {
		return
	}
	top := int32(min(limit-have, 1000))
	options.Top = &top
}

func absent(token *string) bool { return token == nil || *token == "" }
