package store

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
)

const (
	defaultPage = 50
	maxPage     = 500
)

// ListQuery asks for one page of claims.
type ListQuery struct {
	Cursor string // "" for the first page, else what the page before returned
	Limit  int    // rows a page; 0 or less means 50, more than 500 means 500
	State  string // "" for all, else only rows whose State is exactly this
}

// claimColumns are all but the body, which can be most of a row. Columns that a
// row lacks come back as null from the service and not at all from the emulator.
const claimColumns = "PartitionKey,RowKey,source,bodyHash,receivedAt,workload,state,endsAt,schema,documentParts," +
	"document0,document1,document2,document3,document4,document5,document6,document7,document8,document9," +
	"document10,document11,document12,document13"

// ListClaims returns claims sorted by id, without their bodies, and the cursor of
// the next page, "" when there is none. A cursor names the last id of its page, so
// it stays good while rows come and go. KindBadCursor for anything else.
func (s *Store) ListClaims(ctx context.Context, query ListQuery) ([]Claim, string, error) {
	filter, limit, err := pageFilter(columnPartition, query.Cursor, query.Limit)
	if err != nil {
		return nil, "", subject{"list claims", tableIDs}.failed(KindBadCursor, err)
	}
	if query.State != "" {
		filter += " and state eq " + quoted(query.State)
	}
	found, err := s.queryColumns(ctx, filter, limit+1)
	if err != nil {
		return nil, "", err
	}
	claims := make([]Claim, 0, len(found))
	for _, data := range found {
		claim, err := decodeClaim(data, "")
		if err != nil {
			return nil, "", invalid("list claims", tableIDs, err)
		}
		claims = append(claims, claim)
	}
	if len(claims) <= limit {
		return claims, "", nil
	}
	return claims[:limit], cursorAfter(claims[limit-1].ID), nil
}

func (s *Store) queryColumns(ctx context.Context, filter string, limit int) ([][]byte, error) {
	found, _, err := s.queryAll(ctx, query{table: tableIDs, filter: filter, columns: claimColumns, limit: limit})
	return found, err
}

// pageFilter starts after the cursor's key and settles the page size.
func pageFilter(column, cursor string, limit int) (string, int, error) {
	after, err := cursorKey(cursor)
	if err != nil {
		return "", 0, err
	}
	if limit <= 0 {
		limit = defaultPage
	}
	return column + " gt " + quoted(after), min(limit, maxPage), nil
}

const cursorMark = "after:"

func cursorAfter(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorMark + key))
}

// cursorKey returns "" for no cursor.
func cursorKey(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	plain, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return "", errors.New("cursor is not in its encoding")
	}
	key, marked := strings.CutPrefix(string(plain), cursorMark)
	// The encoding skips line breaks, so only writing it again tells whether it is ours.
	if !marked || checkName(key) != nil || cursorAfter(key) != cursor {
		return "", errors.New("cursor was not made here")
	}
	return key, nil
}
