// tests/sandbox/place_set_test.cc: places of directories, and what becomes of too many.
#include "sandbox/place_set.h"

#include <gtest/gtest.h>

namespace nono::sandbox {
namespace {

TEST(PlaceSetTest, APlaceCoversItselfAndWhatLiesBeneath) {
  PlaceSet places;
  EXPECT_FALSE(places.covers("/a/b"));
  places.add("/a/b");
  for (const char* path : {"/a/b", "/a/b/c", "/a/b/c/d"}) {
    EXPECT_TRUE(places.covers(path)) << path;
  }
  for (const char* path : {"/", "/a", "/a/bc", "/a/b.c", "/a/c", "/b", ""}) {
    EXPECT_FALSE(places.covers(path)) << path;
  }
}

TEST(PlaceSetTest, ATreeThatGoesFromItsLeavesUpIsOnePlace) {
  PlaceSet places;
  for (int outer = 0; outer < 300; ++outer) {
    const std::string above = "/tree/" + std::to_string(outer);
    for (int inner = 0; inner < 100; ++inner) {
      places.add(above + "/" + std::to_string(inner));
    }
    places.add(above);
    EXPECT_EQ(places.size(), static_cast<std::size_t>(outer) + 1);
  }
  places.add("/tree-two");
  places.add("/tree");
  EXPECT_EQ(places.size(), 2U);
  EXPECT_TRUE(places.covers("/tree/7/7"));
  EXPECT_TRUE(places.covers("/tree-two"));
  EXPECT_FALSE(places.covers("/other"));
}

TEST(PlaceSetTest, WhatIsCoveredIsNotTakenAgain) {
  PlaceSet places;
  places.add("/a");
  places.add("/a/b");
  places.add("/a");
  EXPECT_EQ(places.size(), 1U);
}

TEST(PlaceSetTest, WhereThereIsNoRoomTheDirectoryAboveIsTaken) {
  PlaceSet places(3);
  for (const char* path : {"/a/b/1", "/a/b/2", "/a/b/3"}) {
    places.add(path);
  }
  EXPECT_FALSE(places.covers("/a/b/4"));
  EXPECT_FALSE(places.covers("/a/b"));
  places.add("/a/b/5");
  EXPECT_EQ(places.size(), 1U);
  EXPECT_TRUE(places.covers("/a/b/4"));
  EXPECT_FALSE(places.covers("/a/c"));
}

TEST(PlaceSetTest, InTheEndAllIsCovered) {
  PlaceSet places(2);
  for (const char* path : {"/a/b/1", "/c/d/2", "/e/f/3"}) {
    places.add(path);
  }
  EXPECT_EQ(places.size(), 1U);
  for (const char* path : {"/", "/a/b/1", "/c/d/2", "/e/f/3", "/g"}) {
    EXPECT_TRUE(places.covers(path)) << path;
  }
}

TEST(PlaceSetTest, TheRootCoversAll) {
  PlaceSet places;
  places.add("/a");
  places.add("/");
  EXPECT_EQ(places.size(), 1U);
  EXPECT_TRUE(places.covers("/a"));
  EXPECT_TRUE(places.covers("/"));
}

TEST(PlaceListTest, APlaceIsItselfAlone) {
  PlaceList places;
  EXPECT_TRUE(places.none());
  places.add("/a/b");
  EXPECT_FALSE(places.none());
  EXPECT_TRUE(places.has("/a/b"));
  for (const char* path : {"/", "/a", "/a/b/c", "/a/bc"}) {
    EXPECT_FALSE(places.has(path)) << path;
  }
}

TEST(PlaceListTest, WhereThereIsNoRoomWhatComesHoldsAllBeneath) {
  PlaceList places(2);
  for (const char* path : {"/a/1/x", "/a/1", "/a/2/x", "/a/2"}) {
    places.add(path);
  }
  for (const char* path : {"/a/1/x", "/a/1", "/a/2/x", "/a/2", "/a/2/new"}) {
    EXPECT_TRUE(places.has(path)) << path;
  }
  EXPECT_FALSE(places.has("/a/1/new"));
  EXPECT_FALSE(places.has("/a"));
}

}  // namespace
}  // namespace nono::sandbox
