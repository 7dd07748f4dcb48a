#include "host/image/image_names.h"

#include <gtest/gtest.h>

namespace qmnist {
namespace {

TEST(ImageNamesTest, TheExtensionTells) {
  for (const char* name : {"a.png", "A.JPG", "a.b.jpeg", "/.hidden/a.TifF", "a.tif", "a.webp",
                           "a.gif", "a.bmp", "a.pbm", "a.pgm", "a.ppm"}) {
    EXPECT_TRUE(is_image_name(name)) << name;
  }
  for (const char* name :
       {"", "png", ".png", "._a.png", "/a.png/b", "a.png.txt", "a.pn", "a.svg"}) {
    EXPECT_FALSE(is_image_name(name)) << name;
  }
}

}  // namespace
}  // namespace qmnist
